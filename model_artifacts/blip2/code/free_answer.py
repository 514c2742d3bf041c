"""What the model says by itself after a prompt: always its likeliest token, until it ends."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from language_model import LIKELIEST, Step

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray


@dataclass
class FreeAnswer:
    """The tokens that are said after one prefix, at most `most` of them; the end token is no part of them."""

    prefix: int
    end: int
    most: int
    tokens: list[int] = field(default_factory=list)
    log_p: float = 0.0
    """Log p of the tokens; without that of ending after them."""
    ended: bool = False

    @property
    def is_open(self) -> bool:
        """Whether another token may follow."""
        return not self.ended and len(self.tokens) < self.most

    def next_step(self) -> Step:
        """The step that reads the tokens again and asks for the one that follows them."""
        return Step(self.prefix, tuple(self.tokens), ((len(self.tokens), LIKELIEST),))

    def learn(self, values: NDArray[np.float64]) -> None:
        """Take log p of the likeliest next token, and which it is: (1, 2)."""
        log_p, token = values[0].tolist()
        if token == self.end:
            self.ended = True
        else:
            self.tokens.append(int(token))
            self.log_p += log_p


def likeliest_text(
    answers: Sequence[FreeAnswer], weights: NDArray[np.float64]
) -> tuple[tuple[int, ...], float]:
    """What is said about the photos of one product, one answer for each, and its probability.

    `weights` are those of the photos for it, which add up to one. Where photos differ, the likeliest text
    counts; a photo of another text adds nothing to its probability.
    """
    p: dict[tuple[int, ...], float] = {}
    for one, weight in zip(answers, weights.tolist(), strict=True):
        p[tuple(one.tokens)] = p.get(tuple(one.tokens), 0.0) + weight * math.exp(one.log_p)
    text = max(p, key=p.__getitem__)
    return text, p[text]
