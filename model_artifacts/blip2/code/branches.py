"""Token sequences as one tree, in which what several of them begin with stands once.

A decoder reads the whole tree in one pass: each token sees only those that lead to it, so that it is read as
in its own sequence. Nodes stand in depth-first order, hence one is seen by all from itself to its `end`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


@dataclass
class Tree:
    """Sequences of tokens, grown in sorted order."""

    tokens: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)
    """For each node, the first one after it that does not continue it."""
    nodes: dict[tuple[int, ...], int] = field(default_factory=dict)
    """Where each sequence, and each beginning of one, ends in the tree."""


def grown(sequences: Iterable[tuple[int, ...]]) -> Tree:
    """The tree of these sequences."""
    tree = Tree()
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


def laid_out(
    trees: Sequence[Tree], before: int, dtype: torch.dtype, device: torch.device
) -> tuple[Tensor, Tensor, Tensor]:
    """Tokens, positions and what attention adds, of one row for each tree, filled up at its right.

    Positions and attention count as many tokens `before` each tree, which all of it continues.
    """
    size = max(len(tree.tokens) for tree in trees)

    def filled(values: list[int], rest: Iterable[int]) -> list[int]:
        return [*values, *list(rest)[len(values) :]]

    tokens = torch.tensor([filled(tree.tokens, [0] * size) for tree in trees], device=device)
    depths = torch.tensor([filled(tree.depths, [0] * size) for tree in trees], device=device)
    ends = torch.tensor([filled(tree.ends, range(1, size + 1)) for tree in trees], device=device)
    first = torch.arange(before, device=device).expand(len(trees), -1)
    whole = torch.full_like(first, before + size)
    order = torch.arange(before + size, device=device)
    until = torch.cat([whole, before + ends], dim=1)[:, None, :]
    seen = (order <= order[:, None]) & (order[:, None] < until)
    hidden = torch.zeros(seen.shape, dtype=dtype, device=device).masked_fill(~seen, torch.finfo(dtype).min)
    return tokens, torch.cat([first, before + depths], dim=1), hidden[:, None]
