"""Made answers of the vision tower: shares of the kinds, as photographs would give, without photographs.

Logits are pushed along the classifier's weights of a class, so that a class which looks alike rises with it;
noise and a second class spread them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import torch
from torch.nn import functional as F  # noqa: N812 - PyTorch's own convention

from .goods import classes, groups, kinds

if TYPE_CHECKING:
    from torch import Tensor

BATCH = 64
_UNKNOWN = 1 / 3
"""The share of samples whose class is none of the goods."""
_TWO = 0.3
"""The share of samples that show a second class, too."""
_PUSH = (3.0, 22.0)
"""How far a class is pushed, in nats: from hardly to certain."""
_NOISE = (0.5, 2.0)


@dataclass(frozen=True)
class Batch:
    """Shares of the kinds and of what is unknown, one row for each picture, and a kind drawn by them."""

    shares: Tensor
    drawn: Tensor


class Samples:
    """Batches of made shares. The batch of a step is always the same."""

    def __init__(self, classifier: Tensor) -> None:
        centred = F.normalize(classifier - classifier.mean(0), dim=1)
        self._alike = centred @ centred.T
        self._groups = groups()
        of_class = classes()
        rows = {kind: number for number, kind in enumerate(kinds())}
        self._of_kind = [[one for one, kind in of_class.items() if rows[kind] == n] for n in rows.values()]
        self._others = torch.tensor([n for n in range(len(classifier)) if n not in of_class])

    def batch(self, step: int, size: int = BATCH) -> Batch:
        """The batch of a step."""
        random = torch.Generator().manual_seed(step)

        def between(least: float, most: float) -> Tensor:
            return least + (most - least) * torch.rand(size, 1, generator=random)

        logits = between(*_NOISE) * torch.randn(size, len(self._alike), generator=random)
        logits += between(*_PUSH) * self._alike[self._classes(size, random)]
        second = (torch.rand(size, 1, generator=random) < _TWO).float()
        logits += second * between(*_PUSH) * self._alike[self._classes(size, random)]
        shares = logits.softmax(-1) @ self._groups.T
        return Batch(shares, torch.multinomial(shares, 1, generator=random)[:, 0])

    def _classes(self, size: int, random: torch.Generator) -> Tensor:
        """Classes of all kinds equally often, however many classes a kind has, or of none."""
        other = torch.rand(size, generator=random) < _UNKNOWN
        strange = self._others[torch.randint(len(self._others), (size,), generator=random)]
        chosen = torch.randint(len(self._of_kind), (size,), generator=random).tolist()
        which = torch.randint(1 << 16, (size,), generator=random).tolist()
        own = [
            self._of_kind[kind][n % len(self._of_kind[kind])] for kind, n in zip(chosen, which, strict=True)
        ]
        return torch.where(other, strange, torch.tensor(own))
