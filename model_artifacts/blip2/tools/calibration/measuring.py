"""Fits a question on all its labelled photos, and measures it on photos that the fit did not see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic

import numpy as np

from . import fitting
from .samples import Fit, Judged, Samples

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from .fitting import Integers
    from .labels import Split

PARTS = 5


@dataclass(frozen=True)
class Measured(Generic[Fit]):
    """A question's fit on all photos, and its answers to photos that a fit like it did not see."""

    question: str
    photos: int
    fit: Fit
    before: Judged
    """Without calibration."""
    after: Judged

    @property
    def error_before(self) -> float:
        """The expected calibration error without calibration."""
        return fitting.calibration_error(self.before.p, self.before.is_true)

    @property
    def error_after(self) -> float:
        """The expected calibration error of the fit."""
        return fitting.calibration_error(self.after.p, self.after.is_true)

    @property
    def accuracy(self) -> float | None:
        """The share of right answers to photos whose answer the catalogue has; None: there are none."""
        known = self.after.is_known
        return float(self.after.is_right[known].mean()) if known.any() else None

    @property
    def given(self) -> float:
        """The share of photos with an answer above the threshold."""
        return float(self.after.is_given.mean())

    @property
    def precision(self) -> float | None:
        """The share of right answers among those; None: there are none."""
        given = self.after.is_given
        return float(self.after.is_true[given].mean()) if given.any() else None


@dataclass(frozen=True)
class Uncalibrated:
    """A question that stays uncalibrated, and why."""

    question: str
    photos: int
    reason: str


def measure(question: str, samples: Samples[Fit], splits: Sequence[Split]) -> Measured[Fit] | Uncalibrated:
    """The fit of a question and its measures; `splits` has each photo's `split`, in the samples' order."""
    if reason := samples.lacking():
        return Uncalibrated(question, len(samples), reason)
    judged = [(test, samples.judge(test, samples.fit(fit))) for fit, test in parts(splits)]
    rows = np.concatenate([test for test, _ in judged])
    after = Judged(
        *(np.concatenate([getattr(one, field) for _, one in judged]) for field in Judged.__dataclass_fields__)
    )
    whole = samples.fit(np.arange(len(samples)))
    return Measured(question, len(samples), whole, samples.judge(rows), after)


def parts(splits: Sequence[Split]) -> Iterator[tuple[Integers, Integers]]:
    """Rows to fit on and rows to measure: those of `test` once, or else each of five parts in turn."""
    is_test = np.array([split == "test" for split in splits], dtype=bool)
    if is_test.any() and not is_test.all():
        yield np.flatnonzero(~is_test), np.flatnonzero(is_test)
        return
    part = np.random.default_rng(0).permutation(len(splits)) % PARTS
    for number in range(PARTS):
        yield np.flatnonzero(part != number), np.flatnonzero(part == number)
