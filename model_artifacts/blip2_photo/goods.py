"""The kinds of the catalogue `photo`, and the classes of the vision tower that they are made of."""

from __future__ import annotations

import csv
from functools import cache
from typing import TYPE_CHECKING

import torch

import catalogue

from . import CLASSES
from .tower import tower_code

if TYPE_CHECKING:
    from torch import Tensor

    from catalogue import Catalogue


@cache
def goods() -> Catalogue:
    """The catalogue of the kinds that the vision tower can know."""
    return catalogue.load(catalogue.PHOTO)


def kinds() -> tuple[str, ...]:
    """The ids of all kinds, in the order of the vision tower's shares; what is unknown follows them."""
    return tuple(goods().kinds)


def classes() -> dict[int, str]:
    """For each class that shows goods its kind."""
    with CLASSES.open(encoding="utf-8", newline="") as file:
        return {int(row["number"]): row["kind"] for row in csv.DictReader(file)}


def groups() -> Tensor:
    """1 where a class belongs to a kind: (kinds and unknown, classes)."""
    rows = {kind: number for number, kind in enumerate(kinds())}
    of_class = classes()
    matrix = torch.zeros(len(rows) + 1, tower_code().CLASSES)
    for number in range(matrix.shape[1]):
        matrix[rows[of_class[number]] if number in of_class else len(rows), number] = 1
    return matrix
