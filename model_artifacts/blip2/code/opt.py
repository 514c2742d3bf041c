"""BLIP-2 on OPT: a decoder reads image, prompt and answer in sequence.

All prompts about a photo and their answers are one tree after the image. One pass reads it, common prefixes
once, and the output layer runs only at the positions that predict an answer's token.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from t5 import padded
from token_tree import TokenTree, build_tree, layout
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from language_model import PrefixPass, Step

_TREE = 512
"""Most tokens of a tree, unless a single prompt has more: attention grows with their square."""
_PASS = 4096
"""Most tokens of the trees in one decoder pass: bounds the memory."""


@dataclass(frozen=True)
class Row:
    """Passes about one photo, by their numbers, and the tree of their prompts and answers."""

    photo: int
    numbers: list[int]
    passes: list[PrefixPass]
    tree: TokenTree


@dataclass
class Prefixes:
    """Photos with their prompts as the decoder's cache, padded at the right."""

    first: Tensor
    """Log p of each first token, in fp32: (prefixes, vocabulary)."""
    cache: Any
    numbers: list[int]
    """The prefix in each row of the cache; a prefix that is done leaves it."""
    lengths: Tensor
    """Tokens of each row without padding."""


class Opt:
    """Scores all answers to all prompts about the photos in one decoder pass."""

    def __init__(self, blip: Any) -> None:
        self.language = blip.language_model

    def score(self, features: Tensor, passes: Sequence[PrefixPass]) -> list[Tensor]:
        """Σ log p of each pass's answers, in fp32."""
        scores: dict[int, Tensor] = {}
        for rows in _batches(_rows(passes), features.shape[1]):
            numbers = [number for row in rows for number in row.numbers]
            scores |= zip(numbers, self._answers(self._hidden_states(features, rows), rows), strict=True)
        return [scores[number] for number in range(len(passes))]

    def read(self, features: Tensor, prefixes: Sequence[tuple[int, list[int]]]) -> Prefixes:
        """One decoder pass over all photos and prompts."""
        tokens, text = padded([prompt for _, prompt in prefixes], features.device)
        embedding = self.language.get_input_embeddings()
        photos = features[[photo for photo, _ in prefixes]].to(embedding.weight.dtype)
        lengths = features.shape[1] + text.sum(1)
        size = features.shape[1] + tokens.shape[1]
        passed = self.language.model(
            inputs_embeds=torch.cat([photos, embedding(tokens)], dim=1),
            attention_mask=_filled(lengths, size).long(),
            position_ids=torch.arange(size, device=features.device).expand(len(prefixes), -1),
            use_cache=True,
        )
        last = passed.last_hidden_state[torch.arange(len(prefixes), device=features.device), lengths - 1]
        first = self.language.lm_head(last).float().log_softmax(-1)
        return Prefixes(first, passed.cache, list(range(len(prefixes))), lengths)

    def follow(self, read: Prefixes, steps: Sequence[Step]) -> Tensor:
        """Log p of the steps' wanted tokens in order, in fp32: the steps below a prefix are one tree."""
        _keep(read, {step.prefix for step in steps})
        trees = [build_tree(one.path for one in steps if one.prefix == number) for number in read.numbers]
        states = self._below(read, trees)
        rows = {number: row for row, number in enumerate(read.numbers)}
        heads: dict[tuple[int, int], int] = {}  # (row, node) where the output layer runs
        at, wanted = [], []
        for step in steps:
            row = rows[step.prefix]
            for known, token in step.wanted:
                node = trees[row].nodes[step.path[:known]]
                at.append(heads.setdefault((row, node), len(heads)))
                wanted.append(token)
        of_rows, nodes = map(list, zip(*heads, strict=True))
        return self.language.lm_head(states[of_rows, nodes]).float().log_softmax(-1)[at, wanted]  # type: ignore[no-any-return]

    def _below(self, read: Prefixes, trees: Sequence[TokenTree]) -> Tensor:
        """The last hidden state at each node of the trees below the prefixes; the cache is left as it was."""
        dtype, device = self.language.get_input_embeddings().weight.dtype, read.first.device
        tokens, depths, among = layout(trees, 0, dtype, device)
        before = read.cache.get_seq_length()
        hidden = torch.zeros(len(trees), before, dtype=dtype, device=device)
        hidden = hidden.masked_fill(~_filled(read.lengths, before), torch.finfo(dtype).min)
        states = self.language.model(
            input_ids=tokens,
            attention_mask=torch.cat([hidden[:, None, None].expand(-1, -1, tokens.shape[1], -1), among], -1),
            position_ids=read.lengths[:, None] + depths,
            cache=read.cache,
            use_cache=True,
        ).last_hidden_state
        read.cache.crop(-tokens.shape[1])
        return states  # type: ignore[no-any-return]

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


def _filled(lengths: Tensor, size: int) -> Tensor:
    """Where each row has a token and no padding: (rows, size)."""
    return torch.arange(size, device=lengths.device) < lengths[:, None]


def _keep(read: Prefixes, numbers: set[int]) -> None:
    """Let the other prefixes leave the cache."""
    rows = [row for row, number in enumerate(read.numbers) if number in numbers]
    if len(rows) < len(read.numbers):
        read.cache.batch_select_indices(torch.tensor(rows, device=read.lengths.device))
        read.numbers, read.lengths = [read.numbers[row] for row in rows], read.lengths[rows]


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
