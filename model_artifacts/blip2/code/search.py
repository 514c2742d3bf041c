"""Finds the likeliest kinds of a catalogue by a best-first search in the tree of its names.

The answer is that of scoring every name, at the cost of the few prefixes that can matter: a search ends once
no open prefix can change the likeliest kinds or their probabilities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from frontier import Answer, Frontier
from language_model import NonFiniteScoreError, PrefixPass, Step

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from language_model import LanguageModel
    from name_tree import NameTree
    from numpy.typing import NDArray
    from torch import Tensor

FEW = 100
"""Up to this many names are all scored, which takes fewer passes."""
_NODES = 16
"""Nodes that a round expands for each search: more cost rows, fewer cost rounds."""
_PREFIXES = 32
"""Prefixes (photos with their prompts) that are searched together: bounds the memory."""


@dataclass(frozen=True)
class Search:
    """A prompt, and the photos of one product, by their rows in the image features."""

    photos: tuple[int, ...]
    prompt: str
    weights: NDArray[np.float64] | None = None
    """Added to log p of each name of the tree, by its number; `Frontier` says what for."""


@dataclass(frozen=True)
class Cost:
    """What the searches of one call took: decoder passes after the first one, their rows and tokens."""

    rounds: int = 0
    rows: int = 0
    tokens: int = 0


def likeliest_kinds(
    language: LanguageModel,
    features: Tensor,
    searches: Sequence[tuple[Search, list[int]]],
    tree: NameTree,
    top: int,
) -> tuple[list[Answer], Cost]:
    """The `top` likeliest kinds of each search, which comes with its prompt's token ids.

    Raises NonFiniteScoreError.
    """
    answers: list[Answer] = []
    cost = Cost()
    for part in _parts(searches):
        frontiers = [Frontier(tree, len(search.photos), search.weights) for search, _ in part]
        if len(tree.names) <= FEW:
            _score_all(language, features, part, frontiers)
        else:
            more = _expand(language, features, part, frontiers, top)
            cost = Cost(cost.rounds + more.rounds, cost.rows + more.rows, cost.tokens + more.tokens)
        answers += [frontier.answer(top) for frontier in frontiers]
    return answers, cost


def _score_all(
    language: LanguageModel,
    features: Tensor,
    searches: Sequence[tuple[Search, list[int]]],
    frontiers: Sequence[Frontier],
) -> None:
    names = [list(path) for path in frontiers[0].tree.paths]
    passes = [PrefixPass(photo, prompt, names) for search, prompt in searches for photo in search.photos]
    table = _numbers(torch.stack(list(language.score(features, passes))), searches)
    start = 0
    for (search, _), frontier in zip(searches, frontiers, strict=True):
        frontier.learn_all(table[start : start + len(search.photos)])
        start += len(search.photos)


def _expand(
    language: LanguageModel,
    features: Tensor,
    searches: Sequence[tuple[Search, list[int]]],
    frontiers: Sequence[Frontier],
    top: int,
) -> Cost:
    read: Any = language.read(
        features, [(photo, prompt) for search, prompt in searches for photo in search.photos]
    )
    starts = np.cumsum([0, *(len(search.photos) for search, _ in searches)]).tolist()
    roots = _numbers(read.first[:, frontiers[0].tree.first_tokens(0)], searches)
    for number, frontier in enumerate(frontiers):
        frontier.learn(0, roots[starts[number] : starts[number + 1]])
    rounds = rows = tokens = 0
    while nodes := [
        (number, node)
        for number, frontier in enumerate(frontiers)
        for node in frontier.next_nodes(top, _NODES)
    ]:
        steps = [
            Step(prefix, *frontiers[number].wanted(node))
            for number, node in nodes
            for prefix in range(starts[number], starts[number + 1])
        ]
        values = _numbers(language.follow(read, steps), searches)
        at = 0
        for number, node in nodes:
            photos = starts[number + 1] - starts[number]
            count = photos * len(frontiers[number].wanted(node)[1])
            frontiers[number].learn(node, values[at : at + count].reshape(photos, -1))
            at += count
        rounds, rows = rounds + 1, rows + len(steps)
        tokens += sum(len(step.path) for step in steps)
    return Cost(rounds, rows, tokens)


def _numbers(values: Tensor, searches: Sequence[tuple[Search, list[int]]]) -> NDArray[np.float64]:
    if not torch.isfinite(values).all():
        prompts = " or ".join(repr(prompt) for prompt in dict.fromkeys(one.prompt for one, _ in searches))
        raise NonFiniteScoreError(f"a score that is not a number for {prompts}")
    return values.double().cpu().numpy()


def _parts(
    searches: Sequence[tuple[Search, list[int]]],
) -> Iterator[list[tuple[Search, list[int]]]]:
    """The searches in order, with at most `_PREFIXES` photos in each part, unless one alone has more."""
    part: list[tuple[Search, list[int]]] = []
    photos = 0
    for one in searches:
        if part and photos + len(one[0].photos) > _PREFIXES:
            yield part
            part, photos = [], 0
        part.append(one)
        photos += len(one[0].photos)
    if part:
        yield part
