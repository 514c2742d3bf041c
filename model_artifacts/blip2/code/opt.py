"""BLIP-2 on OPT: a decoder reads image, prompt and answer in sequence.

All prompts about a photo and their answers are one tree after the image. One pass reads it, common prefixes
once, and the output layer runs only at the positions that predict an answer's token.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from scoring import PrefixPass

_TREE = 512
"""Most tokens of a tree, unless a single prompt has more: attention grows with their square."""
_PASS = 4096
"""Most tokens of the trees in one decoder pass: bounds the memory."""


@dataclass
class TokenTree:
    """Token sequences as one tree that holds a common prefix once, its nodes in depth-first order.

    A token attends only to its ancestors: a node is visible to all nodes from itself up to its `end`.
    """

    tokens: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    """For each node, the first later node that is no descendant of it."""
    nodes: dict[tuple[int, ...], int] = field(default_factory=dict)
    """The node at which each sequence, and each prefix of one, ends."""


def build_tree(sequences: Iterable[tuple[int, ...]]) -> TokenTree:
    """The tree of these sequences."""
    tree = TokenTree()
    path: list[int] = []
    for sequence in sorted(set(sequences)):
        common = 0
        while common < len(path) and sequence[: common + 1] in tree.nodes:
            common += 1
        for node in path[common:]:
            tree.ends[node] = len(tree.tokens)
        del path[common:]
        for depth in range(common, len(sequence)):
            node = len(tree.tokens)
            tree.nodes[sequence[: depth + 1]] = node
            tree.tokens.append(sequence[depth])
            tree.depths.append(depth)
            tree.ends.append(node + 1)
            path.append(node)
    for node in path:
        tree.ends[node] = len(tree.tokens)
    return tree


def layout(
    trees: Sequence[TokenTree], before: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """Token ids, positions and the additive attention mask, one row for each tree, padded at the right.

    `before` is the number of tokens in front of each tree, all visible to it. Positions and mask include
    them: (rows, nodes), (rows, before + nodes), (rows, 1, before + nodes, before + nodes).
    """
    size = max(len(tree.tokens) for tree in trees)

    def padded(values: list[int], rest: Iterable[int]) -> list[int]:
        return [*values, *list(rest)[len(values) :]]

    tokens = torch.tensor([padded(tree.tokens, [0] * size) for tree in trees], device=device)
    depths = torch.tensor([padded(tree.depths, [0] * size) for tree in trees], device=device)
    ends = torch.tensor([padded(tree.ends, range(1, size + 1)) for tree in trees], device=device)
    first = torch.arange(before, device=device).expand(len(trees), -1)
    whole = torch.full_like(first, before + size)
    order = torch.arange(before + size, device=device)
    until = torch.cat([whole, before + ends], dim=1)[:, None, :]
    visible = (order <= order[:, None]) & (order[:, None] < until)
    mask = torch.zeros(visible.shape, dtype=dtype, device=device).masked_fill(
        ~visible, torch.finfo(dtype).min
    )
    return tokens, torch.cat([first, before + depths], dim=1), mask[:, None]


@dataclass(frozen=True)
class Row:
    """Passes about one photo, by their numbers, and the tree of their prompts and answers."""

    photo: int
    numbers: list[int]
    passes: list[PrefixPass]
    tree: TokenTree


class Opt:
    """Scores all answers to all prompts about the photos in one decoder pass."""

    leading = " "

    def __init__(self, blip: Any) -> None:
        self.language = blip.language_model

    def score(self, features: Tensor, passes: Sequence[PrefixPass]) -> list[Tensor]:
        """Σ log p of each pass's answers, in fp32."""
        scores: dict[int, Tensor] = {}
        for rows in _batches(_rows(passes), features.shape[1]):
            numbers = [number for row in rows for number in row.numbers]
            scores |= zip(numbers, self._answers(self._hidden_states(features, rows), rows), strict=True)
        return [scores[number] for number in range(len(passes))]

    def _hidden_states(self, features: Tensor, rows: Sequence[Row]) -> Tensor:
        """The decoder's last hidden state at each tree's nodes: (rows, nodes, width)."""
        before = features.shape[1]
        embedding = self.language.get_input_embeddings()
        photos = features[[row.photo for row in rows]].to(embedding.weight.dtype)
        tokens, positions, mask = layout([row.tree for row in rows], before, photos.dtype, features.device)
        states = self.language.model(
            inputs_embeds=torch.cat([photos, embedding(tokens)], dim=1),
            attention_mask=mask,
            position_ids=positions,
            use_cache=False,
        ).last_hidden_state
        return states[:, before:]  # type: ignore[no-any-return]

    def _answers(self, states: Tensor, rows: Sequence[Row]) -> Sequence[Tensor]:
        """Σ log p of the answers, for each pass of the rows in order."""
        heads: dict[tuple[int, int], int] = {}  # (row, node) where the output layer runs
        at, wanted = [], []
        answers = [
            (number, (*one.prompt, *answer), len(answer))
            for number, row in enumerate(rows)
            for one in row.passes
            for answer in one.answers
        ]
        for number, tokens, length in answers:
            for known in range(len(tokens) - length, len(tokens)):
                node = rows[number].tree.nodes[tokens[:known]]
                at.append(heads.setdefault((number, node), len(heads)))
                wanted.append(tokens[known])
        of_rows, nodes = map(list, zip(*heads, strict=True))
        likely = self.language.lm_head(states[of_rows, nodes]).float().log_softmax(-1)
        lengths = torch.tensor([length for _, _, length in answers], device=states.device)
        sums = torch.segment_reduce(likely[at, wanted], "sum", lengths=lengths)
        return torch.split(sums, [len(one.answers) for row in rows for one in row.passes])


def _rows(passes: Sequence[PrefixPass]) -> Iterator[Row]:
    """One row for each photo; several if its tree would exceed `_TREE` tokens."""
    of_photo: dict[int, list[int]] = {}
    for number, one in enumerate(passes):
        of_photo.setdefault(one.photo, []).append(number)
    for photo, numbers in of_photo.items():
        row: list[int] = []
        size = 0
        for number in numbers:
            most = len(passes[number].prompt) + sum(len(answer) - 1 for answer in passes[number].answers)
            if row and size + most > _TREE:
                yield _row(photo, row, passes)
                row, size = [], 0
            row.append(number)
            size += most
        yield _row(photo, row, passes)


def _row(photo: int, numbers: list[int], passes: Sequence[PrefixPass]) -> Row:
    those = [passes[number] for number in numbers]
    # The last token of an answer is scored and never read.
    tree = build_tree((*one.prompt, *answer[:-1]) for one in those for answer in one.answers)
    return Row(photo, numbers, those, tree)


def _batches(rows: Iterator[Row], before: int) -> Iterator[list[Row]]:
    """The rows in order, with at most `_PASS` padded tokens in each batch."""
    part: list[Row] = []
    longest = 0
    for row in rows:
        length = before + len(row.tree.tokens)
        longest = max(longest, length)
        if part and (len(part) + 1) * longest > _PASS:
            yield part
            part, longest = [], length
        part.append(row)
    if part:
        yield part
