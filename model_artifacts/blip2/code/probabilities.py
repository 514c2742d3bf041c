"""Turns log p of names into calibrated probabilities of what they mean."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from torch import Tensor


_LEAST = 1e-12
"""`calibrate` reads probabilities as at least this much, and at most 1 less this much."""


def share_by_odds(p: float, temperature: float) -> float:
    """A probability whose log odds are divided by the temperature; it stays below a threshold of 1."""
    p = min(p, 1 - _LEAST)
    if temperature == 1 or p <= 0:
        return max(p, 0.0)
    return 1 / (1 + math.exp(min(700.0, -math.log(p / (1 - p)) / temperature)))


def choice_shares(table: Tensor, names: Mapping[str, Sequence[str]], temperature: float) -> dict[str, float]:
    """The shares of a choice, which add up to one: those of an id's names are added.

    `table`: log p of all names in order, (photos, names); each photo counts the same.
    """
    of_names = table.double().softmax(-1).mean(0)
    shares = torch.stack([part.sum() for part in torch.split(of_names, [len(own) for own in names.values()])])
    scaled = (shares.clamp(min=_LEAST).log() / temperature).softmax(-1)
    return dict(zip(names, scaled.tolist(), strict=True))


def yes_share(table: Tensor, line: tuple[float, float]) -> list[float]:
    """The probability of yes: Platt scaling by a slope and an offset of log p(yes) - log p(no).

    `table`: log p of yes and no, (pictures, 2).
    """
    slope, offset = line
    margins = (table[:, 0] - table[:, 1]).double()
    return (margins * slope + offset).sigmoid().tolist()
