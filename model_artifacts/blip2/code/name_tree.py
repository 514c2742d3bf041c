"""The names of a catalogue as one tree of tokens, built once and searched for each product."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    Integers = NDArray[np.int64]


class AmbiguousNameError(ValueError):
    """Two kinds have a name with the same tokens, or a name continues another that has no end token."""


@dataclass(frozen=True)
class NameTree:
    """Names of kinds in the order of their tokens, and the nodes of their tree, parents before children.

    Nodes without a choice are joined: the edge to a node holds all tokens up to the next fork or the name's
    end. Node 0 is the root, which holds no token. No name is the beginning of another, so the probabilities
    of all names add up to at most one.
    """

    kinds: tuple[str, ...]
    names: tuple[str, ...]
    paths: tuple[tuple[int, ...], ...]
    """Each name's tokens."""
    kind_of: Integers
    """Each name's kind, by its number."""
    by_kind: Integers
    """The names sorted by kind, and in the order of the tree within each."""
    kind_starts: Integers
    """Where each kind begins in `by_kind`."""
    leaves: Integers
    """The node at which each name ends."""
    names_from: Integers
    """The names below a node are `names_from` up to `names_to`; a leaf has one."""
    names_to: Integers
    starts: Integers
    """The edge to a node holds the tokens `starts` up to `ends` of the names below it."""
    ends: Integers
    children_from: Integers
    children_to: Integers

    def first_tokens(self, node: int) -> list[int]:
        """The first token on the edge to each child of the node."""
        at = int(self.ends[node])
        children = range(self.children_from[node], self.children_to[node])
        return [self.paths[self.names_from[child]][at] for child in children]

    def document(self) -> dict[str, Any]:
        """The tree as JSON has it: for each kind its names, and for each name its tokens."""
        kinds: dict[str, dict[str, list[int]]] = {kind: {} for kind in self.kinds}
        for name, path, kind in zip(self.names, self.paths, self.kind_of.tolist(), strict=True):
            kinds[self.kinds[kind]][name] = list(path)
        return {"kinds": kinds}


def read_tree(document: Mapping[str, Any]) -> NameTree:
    """The tree that `NameTree.document` wrote."""
    return build_name_tree(document["kinds"])


def build_name_tree(kinds: Mapping[str, Mapping[str, Sequence[int]]]) -> NameTree:
    """The tree of each kind's names, given by their tokens, in time linear in the number of tokens.

    A name whose tokens repeat another's of the same kind is left out, since its probability would count
    twice. Raises AmbiguousNameError, or ValueError for a kind without names or a name without tokens.
    """
    owners: dict[tuple[int, ...], tuple[int, str]] = {}
    for number, (kind, names) in enumerate(kinds.items()):
        if not names or not all(len(tokens) for tokens in names.values()):
            raise ValueError(f"kind {kind!r} must have at least one name, and each name a token")
        for name, tokens in names.items():
            owner, other = owners.setdefault(tuple(tokens), (number, name))
            if owner != number:
                raise AmbiguousNameError(
                    f"{name!r} of {kind!r} and {other!r} of {list(kinds)[owner]!r} have the same tokens"
                )
    if not owners:
        raise ValueError("a tree needs at least one kind")
    paths = sorted(owners)
    for path, after in pairwise(paths):
        if after[: len(path)] == path:
            raise AmbiguousNameError(
                f"{owners[path][1]!r} is the beginning of {owners[after][1]!r} and has no end token"
            )
    kind_of = np.array([owners[path][0] for path in paths])
    by_kind = np.argsort(kind_of, kind="stable")
    ranges, edges, children = (np.array(column) for column in _nodes(paths))
    leaves = np.empty(len(paths), dtype=np.int64)
    ends_here = np.flatnonzero(children[:, 0] == children[:, 1])
    leaves[ranges[ends_here, 0]] = ends_here
    return NameTree(
        kinds=tuple(kinds),
        names=tuple(owners[path][1] for path in paths),
        paths=tuple(paths),
        kind_of=kind_of,
        by_kind=by_kind,
        kind_starts=np.searchsorted(kind_of[by_kind], np.arange(len(kinds))),
        leaves=leaves,
        names_from=ranges[:, 0],
        names_to=ranges[:, 1],
        starts=edges[:, 0],
        ends=edges[:, 1],
        children_from=children[:, 0],
        children_to=children[:, 1],
    )


_Pairs = list[tuple[int, int]]


def _nodes(paths: Sequence[tuple[int, ...]]) -> tuple[_Pairs, _Pairs, _Pairs]:
    """For each node its range of names, its edge's tokens, and its range of children; the nodes by depth."""
    ranges, edges, children = [(0, len(paths))], [(0, 0)], []
    waiting = deque([0])
    while waiting:
        node = waiting.popleft()
        (first, last), (_, end) = ranges[node], edges[node]
        begins = len(ranges)
        while first < last and end < len(paths[first]):
            after = first + 1
            while after < last and paths[after][end] == paths[first][end]:
                after += 1
            ranges.append((first, after))
            edges.append((end, _common(paths[first], paths[after - 1], end)))
            first = after
        children.append((begins, len(ranges)))
        waiting.extend(range(begins, len(ranges)))
    return ranges, edges, children


def _common(one: Sequence[int], other: Sequence[int], known: int) -> int:
    """How many tokens the sequences have in common, of which `known` are known."""
    while known < min(len(one), len(other)) and one[known] == other[known]:
        known += 1
    return known


def terminated(sequences: Iterable[Sequence[int]], end: int) -> list[list[int]]:
    """The token sequences; one that is the beginning of another one ends with the token `end`.

    Each token is looked at once for each prefix it belongs to: linear in the number of sequences.
    """
    plain = [tuple(sequence) for sequence in sequences]
    beginnings = {one[:length] for one in plain for length in range(1, len(one))}
    return [[*one, end] if one in beginnings else list(one) for one in plain]
