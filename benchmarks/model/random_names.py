"""Trees of random names, in the lengths that a tokenizer gives to names of goods."""

from __future__ import annotations

from typing import Any

import numpy as np


def tree_of(count: int, kinds: int, words: int, seed: int = 0) -> Any:
    """Return a tree of random names, dealt to the kinds in turn; some tokens are commoner than others."""
    from name_tree import build_name_tree, terminated

    draw = np.random.default_rng(seed)
    share = 1 / np.arange(10, words)
    tokens = np.arange(4, words - 6)
    known: list[tuple[int, ...]] = []
    seen: set[tuple[int, ...]] = set()
    while len(known) < count:
        begin = known[draw.integers(len(known))][:1] if known and draw.random() < 0.4 else ()
        more = draw.choice(tokens, 1 + draw.binomial(4, 0.25), p=share / share.sum())
        name = (*begin, *more.tolist())
        if name not in seen:
            seen.add(name)
            known.append(name)
    named: dict[str, dict[str, list[int]]] = {str(number): {} for number in range(kinds)}
    for number, path in enumerate(terminated(known, 1)):
        named[str(number % kinds)][str(number)] = path
    return build_name_tree(named)
