"""BLIP-2 on OPT: a decoder reads image, prompt and answer in sequence.

All prompts about a photo and their answers are one tree after the image. One pass reads it, common prefixes
once, and the output layer runs only at the positions that predict an answer's token.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import greedy
import torch
from graphs import Graphs
from key_value_cache import fixed, growing, lengthened, selected, tensors_of
from output_head import OutputHead, Positions
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
_TEXT, _NODES = 8, 32
"""Prompts and trees are padded to multiples of these where shapes must repeat."""


@dataclass(frozen=True)
class Row:
    """Passes about one photo, by their numbers, and the tree of their prompts and answers."""

    photo: int
    numbers: list[int]
    passes: list[PrefixPass]
    tree: TokenTree


@dataclass
class Prefixes:
    """Photos with their prompts as keys and values of the decoder, padded at the right."""

    last: Tensor
    """The last hidden state of each row, which predicts the first token: (rows, width)."""
    first: Tensor
    """Log p of each first token, in fp32: (prefixes, vocabulary)."""
    cache: tuple[Tensor, ...]
    numbers: list[int]
    """The prefix in each row of the cache; a prefix that is done leaves it. Rows after these are padding."""
    lengths: Tensor
    """Tokens of each row without padding."""


class Opt:
    """Scores all answers to all prompts about the photos in one decoder pass."""

    def __init__(self, blip: Any, graphs: Graphs | None = None) -> None:
        self.language = blip.language_model
        self.graphs = graphs or Graphs()
        self.head = OutputHead(self.language.lm_head)

    def score(self, features: Tensor, passes: Sequence[PrefixPass]) -> list[Tensor]:
        """Σ log p of each pass's answers, in fp32."""
        scores: dict[int, Tensor] = {}
        for rows in _batches(_rows(passes), features.shape[1]):
            numbers = [number for row in rows for number in row.numbers]
            scores |= zip(numbers, self._answers(self._hidden_states(features, rows), rows), strict=True)
        return [scores[number] for number in range(len(passes))]

    def read(self, features: Tensor, prefixes: Sequence[tuple[int, list[int]]]) -> Prefixes:
        """One decoder pass over all photos and prompts."""
        rows = [*prefixes, *[prefixes[-1]] * (self.graphs.rows(len(prefixes)) - len(prefixes))]
        longest = self.graphs.length(max(len(prompt) for _, prompt in rows), _TEXT)
        tokens, text = padded([prompt for _, prompt in rows], features.device, longest)
        lengths = features.shape[1] + text.sum(1)
        photos = features[[photo for photo, _ in rows]]
        last, *cache = self.graphs.run("read", self._read, photos, tokens, lengths)
        numbers = list(range(len(prefixes)))
        first = self.head.log_p(last[: len(prefixes)])
        return Prefixes(last, first, tuple(cache), numbers, lengths)

    def _read(self, photos: Tensor, tokens: Tensor, lengths: Tensor) -> tuple[Tensor, ...]:
        size = photos.shape[1] + tokens.shape[1]
        order = torch.arange(size, device=tokens.device)
        visible = (order <= order[:, None]) & _filled(lengths, size)[:, None, None]
        passed = self.language.model(
            inputs_embeds=self._embedded(photos, tokens),
            attention_mask=visible,
            position_ids=order.expand(len(tokens), -1),
            use_cache=True,
        )
        last = passed.last_hidden_state[torch.arange(len(tokens), device=tokens.device), lengths - 1]
        return last, *tensors_of(passed.cache)

    def _embedded(self, photos: Tensor, tokens: Tensor) -> Tensor:
        words = self.language.get_input_embeddings()(tokens)
        return torch.cat([photos.to(words.dtype), words], dim=1)

    def follow(self, read: Prefixes, steps: Sequence[Step]) -> tuple[Tensor, Tensor]:
        """Log p of the steps' wanted tokens, in fp32, and these tokens: one tree for each prefix."""
        self._keep(read, {step.prefix for step in steps})
        trees = [build_tree(one.path for one in steps if one.prefix == number) for number in read.numbers]
        states = self._below(read, trees)
        rows = {number: row for row, number in enumerate(read.numbers)}
        wanted = Positions()
        for step in steps:
            row = rows[step.prefix]
            for known, token in step.wanted:
                wanted.add(row, trees[row].nodes[step.path[:known]], token)
        return self.head.log_p_at(states, wanted)

    def _keep(self, read: Prefixes, numbers: set[int]) -> None:
        """Let the other prefixes leave the cache."""
        rows = [row for row, number in enumerate(read.numbers) if number in numbers]
        read.numbers = [read.numbers[row] for row in rows]
        size = self.graphs.rows(len(rows))
        if size < len(read.lengths) or rows != list(range(len(rows))):
            at = torch.tensor([*rows, *rows[-1:] * (size - len(rows))], device=read.lengths.device)
            read.cache, read.lengths = selected(read.cache, at), read.lengths[at]

    def _below(self, read: Prefixes, trees: list[TokenTree]) -> Tensor:
        """The last hidden state at each node of the trees below the prefixes."""
        trees = [*trees, *[TokenTree()] * (len(read.lengths) - len(trees))]
        dtype, device = self.language.get_input_embeddings().weight.dtype, read.first.device
        size = self.graphs.length(max(len(tree.tokens) for tree in trees), _NODES)
        tokens, depths, among = layout(trees, 0, dtype, device, size)
        before = read.cache[0].shape[2]
        hidden = torch.zeros(len(trees), before, dtype=dtype, device=device)
        hidden = hidden.masked_fill(~_filled(read.lengths, before), torch.finfo(dtype).min)
        mask = torch.cat([hidden[:, None, None].expand(-1, -1, tokens.shape[1], -1), among], -1)
        (states,) = self.graphs.run(
            "follow", self._continue, tokens, read.lengths[:, None] + depths, mask, *read.cache
        )
        return states

    def _continue(
        self, tokens: Tensor, positions: Tensor, mask: Tensor, *cache: Tensor
    ) -> tuple[Tensor, ...]:
        passed = self.language.model(
            input_ids=tokens,
            attention_mask=mask,
            position_ids=positions,
            cache=growing(cache),
            use_cache=True,
        )
        return (passed.last_hidden_state,)

    def say(
        self, features: Tensor, prefixes: Sequence[tuple[int, list[int]]], most: int, end: int | None
    ) -> list[list[int]]:
        """The likeliest token after each other from each prefix, at most `most`, without the end token."""
        read = self.read(features, prefixes)
        caches = (read.lengths, *lengthened(read.cache, most - 1))
        first = self.language.lm_head(read.last)
        step = partial(self._step, read.cache[0].shape[2])
        return greedy.say(self.graphs, step, first, caches, most, end)[: len(prefixes)]

    def _step(self, before: int, tokens: Tensor, said: Tensor, lengths: Tensor, *caches: Tensor) -> Tensor:
        """Write the tokens after the `before` tokens of the prefixes, whose padding stays hidden."""
        room = caches[0].shape[2]
        position = before + said
        order = torch.arange(room, device=tokens.device)
        visible = _filled(lengths, room) | ((order >= before) & (order <= position))
        passed = self.language.model(
            input_ids=tokens,
            attention_mask=visible[:, None, None],
            position_ids=(lengths + said)[:, None],
            cache=fixed(caches, position[0]),
            use_cache=True,
        )
        return self.language.lm_head(passed.last_hidden_state[:, -1])  # type: ignore[no-any-return]

    def _hidden_states(self, features: Tensor, rows: Sequence[Row]) -> Tensor:
        """The decoder's last hidden state at each tree's nodes: (rows, nodes, width)."""
        before = features.shape[1]
        more = self.graphs.rows(len(rows)) - len(rows)
        photos = features[[*(row.photo for row in rows), *[0] * more]]
        trees = [*(row.tree for row in rows), *[TokenTree()] * more]
        size = self.graphs.length(max(len(tree.tokens) for tree in trees), _NODES)
        dtype = self.language.get_input_embeddings().weight.dtype
        tokens, positions, mask = layout(trees, before, dtype, features.device, size)
        (states,) = self.graphs.run("score", self._tree, photos, tokens, positions, mask)
        return states

    def _tree(self, photos: Tensor, tokens: Tensor, positions: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        states = self.language.model(
            inputs_embeds=self._embedded(photos, tokens),
            attention_mask=mask,
            position_ids=positions,
            use_cache=False,
        ).last_hidden_state
        return (states[:, photos.shape[1] :],)

    def _answers(self, states: Tensor, rows: Sequence[Row]) -> Sequence[Tensor]:
        """Σ log p of the answers, for each pass of the rows in order."""
        wanted = Positions()
        answers = [
            (number, (*one.prompt, *answer), len(answer))
            for number, row in enumerate(rows)
            for one in row.passes
            for answer in one.answers
        ]
        for number, tokens, length in answers:
            for known in range(len(tokens) - length, len(tokens)):
                wanted.add(number, rows[number].tree.nodes[tokens[:known]], tokens[known])
        lengths = torch.tensor([length for _, _, length in answers], device=states.device)
        log_p, _ = self.head.log_p_at(states, wanted)
        sums = torch.segment_reduce(log_p, "sum", lengths=lengths)
        return torch.split(sums, [len(one.answers) for row in rows for one in row.passes])


def _filled(lengths: Tensor, size: int) -> Tensor:
    """Where each row has a token and no padding: (rows, size)."""
    return torch.arange(size, device=lengths.device) < lengths[:, None]


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
