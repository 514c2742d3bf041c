"""Finds the likeliest kinds of a catalogue by a best-first search in the tree of its names.

The answer is that of scoring every name, at the cost of the few prefixes that can matter: a search ends once
no open prefix can change the likeliest kinds or their probabilities. What the model says freely is read by
the same passes.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from free_answer import FreeAnswer, likeliest_text
from frontier import Answer, Frontier
from language_model import NonFiniteScoreError, Step

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from language_model import LanguageModel
    from name_tree import NameTree
    from numpy.typing import NDArray
    from torch import Tensor

    Numbers = NDArray[np.float64]

_NODES = 16
"""Nodes that a round expands for each search: more cost rows, fewer cost rounds."""
_PREFIXES = 32
"""Prefixes (photos with their prompts) that are searched together: bounds the memory."""


@dataclass(frozen=True)
class Search:
    """A prompt, and the photos of one product, by their rows in the image features."""

    photos: tuple[int, ...]
    prompt: str
    weights: Numbers | None = None
    """Added to log p of each name of the tree, by its number; `Frontier` says what for."""
    free: int = 0
    """Most tokens of the free answer; 0: none is read."""


@dataclass(frozen=True)
class Cost:
    """What the searches of one call took: decoder passes after the first one, their rows and tokens."""

    rounds: int = 0
    rows: int = 0
    tokens: int = 0

    def __add__(self, other: Cost) -> Cost:
        """The cost of both."""
        return Cost(self.rounds + other.rounds, self.rows + other.rows, self.tokens + other.tokens)


@dataclass(frozen=True)
class Found:
    """The likeliest kinds, and what the model says freely: its tokens and their probability."""

    answer: Answer
    said: tuple[tuple[int, ...], float] | None


def likeliest_kinds(
    language: LanguageModel,
    features: Tensor,
    searches: Sequence[tuple[Search, list[int]]],
    tree: NameTree,
    top: int,
    end: int,
) -> tuple[list[Found], Cost]:
    """The `top` likeliest kinds of each search, which comes with its prompt's token ids.

    `end` is the token that ends an answer. Raises NonFiniteScoreError.
    """
    found: list[Found] = []
    cost = Cost()
    for part in _parts(searches):
        products, more = _expand(language, features, part, tree, top, end)
        found += [product.found(top) for product in products]
        cost += more
    return found, cost


class _Product:
    """One search under way: what is known of the names, and what is said about each photo."""

    def __init__(self, search: Search, tree: NameTree, prefixes: range, end: int) -> None:
        self.prefixes = prefixes
        self.frontier = Frontier(tree, len(prefixes), search.weights)
        self.free = [FreeAnswer(prefix, end, search.free) for prefix in prefixes if search.free]

    def asks(self, top: int) -> Iterator[tuple[list[Step], Callable[[Numbers], None]]]:
        """The steps that the search needs next, and what takes their results; none: it is done.

        Results are log p and token of each wanted token: (wanted, 2).
        """
        for node in self.frontier.next_nodes(top, _NODES):
            wanted = self.frontier.wanted(node)
            yield [Step(prefix, *wanted) for prefix in self.prefixes], partial(self._learn, node)
        for one in self.free:
            if one.is_open:
                yield [one.next_step()], one.learn

    def _learn(self, node: int, values: Numbers) -> None:
        self.frontier.learn(node, values[:, 0].reshape(len(self.prefixes), -1))

    def found(self, top: int) -> Found:
        said = likeliest_text(self.free, self.frontier.text_weights()) if self.free else None
        return Found(self.frontier.answer(top), said)


def _expand(
    language: LanguageModel,
    features: Tensor,
    searches: Sequence[tuple[Search, list[int]]],
    tree: NameTree,
    top: int,
    end: int,
) -> tuple[list[_Product], Cost]:
    read: Any = language.read(
        features, [(photo, prompt) for search, prompt in searches for photo in search.photos]
    )
    first = tree.first_tokens(0)
    known = _numbers(searches, read.first[:, first], *read.first.max(-1, keepdim=True))
    products: list[_Product] = []
    at = 0
    for search, _ in searches:
        product = _Product(search, tree, range(at, at := at + len(search.photos)), end)
        product.frontier.learn(0, known[product.prefixes, : len(first)])
        for one in product.free:
            one.learn(known[[one.prefix], len(first) :])
        products.append(product)
    cost = Cost()
    while asked := [one for product in products for one in product.asks(top)]:
        steps = [step for of_one, _ in asked for step in of_one]
        values = _numbers(searches, *(one[:, None] for one in language.follow(read, steps)))
        at = 0
        for of_one, learn in asked:
            count = sum(len(step.wanted) for step in of_one)
            learn(values[at : at + count])
            at += count
        cost += Cost(1, len(steps), sum(len(step.path) for step in steps))
    return products, cost


def _numbers(searches: Sequence[tuple[Search, list[int]]], *columns: Tensor) -> Numbers:
    """The columns side by side, by one copy from the device."""
    values = torch.cat([one.double() for one in columns], dim=1).cpu().numpy()
    if not np.isfinite(values).all():
        prompts = " or ".join(repr(prompt) for prompt in dict.fromkeys(one.prompt for one, _ in searches))
        raise NonFiniteScoreError(f"a score that is not a number for {prompts}")
    return values


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
