"""BLIP-2 on OPT: a decoder that reads image, prompt and answer in turn.

All that is asked about a photo is one tree: the image is its trunk, prompts part where they begin to differ,
and the answers are their ends. One pass reads it, and the vocabulary is only looked at where an answer goes
on.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from branches import Tree, grown, laid_out
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from families import PendingInference

_TREE = 512
"""Tokens of a tree, unless one prompt has more with its answers: attention grows with their square."""
_PASS = 4096
"""Tokens of all trees that are read at once; bounds the memory."""


@dataclass(frozen=True)
class Row:
    """Prompts about one photo, by their numbers, and the tree of them and their answers."""

    photo: int
    numbers: list[int]
    asked: list[PendingInference]
    tree: Tree


class Opt:
    """Scores answers in one pass for all that is asked about photos."""

    leading = " "

    def __init__(self, blip: Any) -> None:
        self.language = blip.language_model

    def score(self, seen: Tensor, asked: Sequence[PendingInference]) -> list[Tensor]:
        """Σ log p of each one's answers, in fp32."""
        scores: dict[int, Tensor] = {}
        for rows in _passes(_rows(asked), seen.shape[1]):
            numbers = [number for row in rows for number in row.numbers]
            scores |= zip(numbers, self._answers(self._read(seen, rows), rows), strict=True)
        return [scores[number] for number in range(len(asked))]

    def _read(self, seen: Tensor, rows: Sequence[Row]) -> Tensor:
        """What the decoder makes of each tree's nodes, after the image."""
        before = seen.shape[1]
        embedding = self.language.get_input_embeddings()
        photos = seen[[row.photo for row in rows]].to(embedding.weight.dtype)
        tokens, positions, hidden = laid_out([row.tree for row in rows], before, photos.dtype, seen.device)
        states = self.language.model(
            inputs_embeds=torch.cat([photos, embedding(tokens)], dim=1),
            attention_mask=hidden,
            position_ids=positions,
            use_cache=False,
        ).last_hidden_state
        return states[:, before:]  # type: ignore[no-any-return]

    def _answers(self, states: Tensor, rows: Sequence[Row]) -> Sequence[Tensor]:
        """For each prompt of the rows in turn, the sums of its answers' log-probabilities."""
        heads: dict[tuple[int, int], int] = {}  # a row and its node, where the vocabulary is looked at
        at, wanted = [], []
        answers = [
            (number, (*one.text, *answer), len(answer))
            for number, row in enumerate(rows)
            for one in row.asked
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
        return torch.split(sums, [len(one.answers) for row in rows for one in row.asked])


def _rows(asked: Sequence[PendingInference]) -> Iterator[Row]:
    """One row for each photo; several where its tree grows large."""
    of_photo: dict[int, list[int]] = {}
    for number, one in enumerate(asked):
        of_photo.setdefault(one.photo, []).append(number)
    for photo, numbers in of_photo.items():
        row: list[int] = []
        size = 0
        for number in numbers:
            most = len(asked[number].text) + sum(len(answer) - 1 for answer in asked[number].answers)
            if row and size + most > _TREE:
                yield _row(photo, row, asked)
                row, size = [], 0
            row.append(number)
            size += most
        yield _row(photo, row, asked)


def _row(photo: int, numbers: list[int], asked: Sequence[PendingInference]) -> Row:
    those = [asked[number] for number in numbers]
    # The last token of an answer is scored and never read.
    tree = grown((*one.text, *answer[:-1]) for one in those for answer in one.answers)
    return Row(photo, numbers, those, tree)


def _passes(rows: Iterator[Row], before: int) -> Iterator[list[Row]]:
    """The rows in turn, as many at a time as the memory allows."""
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
