"""Token sequences as a tree that a decoder reads in one pass, each common prefix once."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence


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
    trees: Sequence[TokenTree], before: int, dtype: torch.dtype, device: torch.device, size: int | None = None
) -> tuple[Tensor, Tensor, Tensor]:
    """Token ids, positions and the additive attention mask, one row for each tree, padded at the right.

    `before` is the number of tokens in front of each tree, all visible to it. Positions and mask include
    them: (rows, nodes), (rows, before + nodes), (rows, 1, before + nodes, before + nodes). `size`: nodes to
    pad to, by default those of the largest tree.
    """
    size = size or max(len(tree.tokens) for tree in trees)

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
