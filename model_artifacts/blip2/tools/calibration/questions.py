"""Puts labels and raw answers together: the samples of each question that the catalogue has answers for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from . import fitting
from .measuring import Measured, Uncalibrated, measure
from .samples import ALPHAS, ShareSamples, TypeSamples, WearSamples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalogue import Catalogue

    from .answers import RawAnswer
    from .labels import Labelled
    from .samples import Line, Scale

WEAR = "wear: "


def measured(
    products: Sequence[tuple[Labelled, RawAnswer]], goods: Catalogue, precision: float
) -> list[Measured[Scale] | Measured[Line] | Uncalibrated]:
    """Each question's fit and measures, or why it has none: type first, then the others, then wear by tag."""
    found: list[Measured[Scale] | Measured[Line] | Uncalibrated] = []
    of_type = [one for one in products if one[0].type is not None]
    found.append(measure("type", _type_samples(of_type, goods, precision), [one.split for one, _ in of_type]))
    has_answers = {"material": True, "colour": bool(goods.colours), "pattern": bool(goods.patterns)}
    for question in (name for name, has in has_answers.items() if has):
        own = [(one, raw) for one, raw in products if getattr(one, question) and question in raw.shares]
        samples = _share_samples(own, question, precision)
        found.append(measure(question, samples, [one.split for one, _ in own]))
    for tag in sorted({wear.id for department in goods.departments.values() for wear in department.wear}):
        judged = [(one, raw) for one, raw in products if tag in raw.margins and _speaks_of(one, tag, goods)]
        wear = WearSamples(
            np.array([raw.margins[tag] for _, raw in judged], dtype=float),
            np.array([tag in (one.wear or ()) for one, _ in judged], dtype=bool),
        )
        found.append(measure(f"{WEAR}{tag}", wear, [one.split for one, _ in judged]))
    return found


def _type_samples(
    products: Sequence[tuple[Labelled, RawAnswer]], goods: Catalogue, precision: float
) -> TypeSamples:
    tops = [raw.tops if len(raw.tops) == len(ALPHAS) else raw.tops[:1] * len(ALPHAS) for _, raw in products]
    right = [
        [_is_true_of(kind, one, goods) for kind, _ in own]
        for (one, _), own in zip(products, tops, strict=True)
    ]
    shape = (len(products), len(ALPHAS))
    return TypeSamples(
        np.array([[p for _, p in own] for own in tops], dtype=float).reshape(shape),
        np.array(right, dtype=bool).reshape(shape),
        np.array([one.is_in_catalogue for one, _ in products], dtype=bool),
        precision,
    )


def _is_true_of(kind: str, labelled: Labelled, goods: Catalogue) -> bool:
    """Whether a kind is the labelled one, or a broader one that is true of it too."""
    if not labelled.is_in_catalogue:
        return False
    own = goods.kinds[str(labelled.type)]
    return kind in (own.id, own.broader)


def _share_samples(
    products: Sequence[tuple[Labelled, RawAnswer]], question: str, precision: float
) -> ShareSamples:
    ids = sorted({id_ for _, raw in products for id_ in raw.shares[question]})
    column = {id_: number for number, id_ in enumerate(ids)}
    log_shares = np.full((len(products), len(ids)), -np.inf)
    truth = np.full(len(products), -1, dtype=np.int64)
    for row, (labelled, raw) in enumerate(products):
        shares = raw.shares[question]
        for id_, share in shares.items():
            log_shares[row, column[id_]] = np.log(max(share, fitting.LEAST))
        value = getattr(labelled, question)
        if value in shares:
            truth[row] = column[value]
    return ShareSamples(log_shares, truth, precision)


def _speaks_of(labelled: Labelled, tag: str, goods: Catalogue) -> bool:
    """Whether the label says if the tag is there: one of the labelled kind's department, or of any."""
    if labelled.wear is None:
        return False
    if not labelled.is_in_catalogue:
        return True
    department = goods.departments[goods.kinds[str(labelled.type)].department]
    return any(tag == wear.id for wear in department.wear)
