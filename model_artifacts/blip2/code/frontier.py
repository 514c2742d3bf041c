"""How far one search has come in a tree of names: what each kind has for certain, and what it may still get.

The probability of a prefix bounds that of all names which continue it. With several photos of one product
the probability of a name is a weighted mean over the photos, and so is that of a prefix, which keeps the
bound. A photo weighs less if it shows none of the names: a close-up is no evidence against any.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from name_tree import NameTree
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Integers = NDArray[np.int64]


_WHOLE = 0.5
"""A photo counts whole from this probability of its likeliest first token of a name; below, in proportion."""


@dataclass(frozen=True)
class KindFound:
    """A kind among the likeliest."""

    kind: str
    name: str
    """Its likeliest name."""
    p: float
    """The probability that the model says one of the kind's names, by the photos' weights; not normalised."""
    score: float
    """log Σ p · e^weight over its names, by which kinds are ranked; log p where no weights are given."""


@dataclass(frozen=True)
class Said:
    """What the model says freely, and its probability by `text_weights`, without that of ending."""

    text: str
    p: float


@dataclass(frozen=True)
class Answer:
    """The likeliest kinds, best first, and bounds of what the tree's other names have together."""

    top: tuple[KindFound, ...]
    rest_at_least: float
    rest_at_most: float
    said: Said | None = None
    """None: the search asked for no free answer, or the model says nothing."""


class Frontier:
    """The prefixes of a tree that are reached and not yet read, and the bounds that follow from them.

    `weights` is added to log p of each name, by its number in the tree: -α · log p(name | grey picture)
    corrects by a prior, -inf leaves a name out. The bound of a kind in a prefix takes the largest weight of
    the kind's names below, so the search stays exact.
    """

    def __init__(self, tree: NameTree, photos: int, weights: Numbers | None = None) -> None:
        self.tree = tree
        self.weights = np.zeros(len(tree.names)) if weights is None else np.asarray(weights, dtype=float)
        if self.weights.shape != (len(tree.names),) or np.isnan(self.weights).any():
            raise ValueError(f"weights: must be {len(tree.names)} numbers, one for each name of the tree")
        self._log_p = np.zeros((photos, len(tree.starts)))
        self.log_photos = np.full(photos, -np.log(photos))
        """Log of each photo's weight once the first tokens are learned; the weights add up to one."""
        self._shows_name = False
        self._mean = np.zeros(len(tree.starts))
        self._open = np.zeros(len(tree.starts), dtype=bool)
        self._open[0] = True
        self._at = np.zeros(len(tree.names), dtype=np.int64)  # the last node on each name's path

    def wanted(self, node: int) -> tuple[tuple[int, ...], tuple[tuple[int, int], ...]]:
        """The path that is read to expand a node, and the log p that are learned from it.

        They are (tokens known, token) for the rest of the edge to the node, then for each child's first
        token.
        """
        tree, end = self.tree, int(self.tree.ends[node])
        path = tree.paths[tree.names_from[node]][:end]
        edge = [(known, path[known]) for known in range(int(tree.starts[node]) + 1, end)]
        children = [(end, token) for token in tree.first_tokens(node)]
        return (path if children else path[:-1]), (*edge, *children)

    def learn(self, node: int, values: Numbers) -> None:
        """Expand a node by the log p of its `wanted` tokens: (photos, wanted)."""
        tree = self.tree
        values = np.minimum(values, 0)  # rounding must not lift a name above its prefix
        first, last = int(tree.children_from[node]), int(tree.children_to[node])
        edge = values.shape[1] - (last - first)
        self._reach(slice(node, node + 1), self._log_p[:, [node]] + values[:, :edge].sum(1, keepdims=True))
        self._open[node] = False
        if node == 0:
            self.log_photos = self._photo_weights(values[:, edge:])
        if last > first:
            self._reach(slice(first, last), self._log_p[:, [node]] + values[:, edge:])
            is_leaf = tree.children_from[first:last] == tree.children_to[first:last]
            self._open[first:last] = ~is_leaf | (tree.ends[first:last] - tree.starts[first:last] > 1)
            sizes = tree.names_to[first:last] - tree.names_from[first:last]
            below = slice(int(tree.names_from[node]), int(tree.names_to[node]))
            self._at[below] = np.repeat(np.arange(first, last), sizes)

    def _reach(self, nodes: slice, log_p: Numbers) -> None:
        self._log_p[:, nodes] = log_p
        self._mean[nodes] = _mean(log_p, self.log_photos)

    def _photo_weights(self, first: Numbers) -> Numbers:
        """Log of each photo's weight, from log p of the names' first tokens: (photos, tokens).

        Only those tokens count that begin a name which is not left out.
        """
        tree = self.tree
        last = int(tree.children_to[0])
        kept = np.maximum.reduceat(self.weights, tree.names_from[int(tree.children_from[0]) : last]) > -np.inf
        weights = np.minimum(0.0, np.where(kept, first, -np.inf).max(1) - np.log(_WHOLE))
        self._shows_name = bool(weights.max() == 0)
        return np.asarray(weights - np.logaddexp.reduce(weights))

    def text_weights(self) -> Numbers:
        """Each photo's weight for what is said freely; they add up to one.

        They are those for the names if a photo counts whole, so that close-ups of which the model says
        "unknown" do not outweigh it. Else no photo shows a name, and all count alike: then the text matters,
        and not which photo looks most like a name.
        """
        photos = len(self.log_photos)
        return np.exp(self.log_photos) if self._shows_name else np.full(photos, 1 / photos)

    def next_nodes(self, top: int, most: int) -> list[int]:
        """The likeliest nodes that the `top` kinds still depend on, at most `most`; none: they are certain.

        A kind matters while it may pass the last of those found, or while it is one of them and a name of
        its own is open.
        """
        tree = self.tree
        at = self._at[tree.by_kind]
        bounds = self._mean[at] + self.weights[tree.by_kind]
        is_open = self._open[at] & (bounds > -np.inf)
        found = self._found(bounds, at)
        matters = np.logical_or.reduceat(is_open, tree.kind_starts)
        chosen = _largest(found, top)
        may_pass = self._at_most(bounds, at) > (found[chosen[-1]] if top < len(found) else -np.inf)
        may_pass[chosen] = True
        open_names = np.flatnonzero(is_open & (matters & may_pass)[tree.kind_of[tree.by_kind]])
        likeliest = at[open_names[np.argsort(-bounds[open_names], kind="stable")]]
        return list(islice(dict.fromkeys(likeliest.tolist()), most))

    def _found(self, bounds: Numbers, at: Integers) -> Numbers:
        """Of each kind, log of what its names have for certain."""
        return np.logaddexp.reduceat(np.where(self._open[at], -np.inf, bounds), self.tree.kind_starts)

    def _at_most(self, bounds: Numbers, at: Integers) -> Numbers:
        """Of each kind, log of what its names have at most: a prefix that several share counts once."""
        begins = np.append(True, at[1:] != at[:-1])
        begins[self.tree.kind_starts] = True
        groups = np.flatnonzero(begins)
        largest = np.maximum.reduceat(bounds, groups)
        return np.logaddexp.reduceat(largest, np.searchsorted(groups, self.tree.kind_starts))

    def answer(self, top: int) -> Answer:
        """The likeliest kinds; exact once `next_nodes` is empty."""
        tree = self.tree
        log_p = self._mean[self._at]
        left = self.weights > -np.inf
        at = self._at[tree.by_kind]
        found = self._found(self._mean[at] + self.weights[tree.by_kind], at)
        kinds = []
        for kind in _largest(found, top).tolist():
            if found[kind] == -np.inf:
                continue
            own = np.flatnonzero((tree.kind_of == kind) & left)
            name = tree.names[own[np.argmax(log_p[own])]]
            kinds.append(KindFound(tree.kinds[kind], name, float(np.exp(log_p[own]).sum()), found[kind]))
            left[own] = False
        others = np.unique(self._at[left])
        p = np.exp(self._mean[others])
        certain = float(p[~self._open[others]].sum())
        return Answer(tuple(kinds), certain, float(p.sum()))


def _mean(log_p: Numbers, log_photos: Numbers) -> Numbers:
    """Log of the mean probability over the photos (rows), by the logs of their weights."""
    return np.asarray(np.logaddexp.reduce(log_p + log_photos[:, None], axis=0))


def _largest(values: Numbers, count: int) -> Integers:
    """The numbers of the largest values in order; equal ones in their order."""
    return np.argsort(-values, kind="stable")[:count]
