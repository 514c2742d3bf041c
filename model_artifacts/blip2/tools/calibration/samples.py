"""What the model scored for the labelled photos of each question, and the fit of each kind of question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, TypeVar

import numpy as np
from scipy.special import expit

from . import fitting

if TYPE_CHECKING:
    from .fitting import Flags, Integers, Numbers

ALPHAS = (0.0, 0.25, 0.5, 0.75, 1.0)
"""The shares of log p(name | grey picture) that are tried to rank the kinds."""
FEWEST = 100
"""The labelled photos that a question needs, else it stays uncalibrated."""
FEWEST_OF_EACH = 10
"""Of those, the photos that a wear tag needs with it, and without it."""


@dataclass(frozen=True)
class Scale:
    """The fit of a question whose top answer is given from `threshold` on; None: never, none is precise."""

    temperature: float
    threshold: float | None
    alpha: float = 0.0

    def gives(self, p: Numbers) -> Flags:
        """Whether answers with these probabilities are given."""
        return np.asarray(p >= (np.inf if self.threshold is None else self.threshold))


@dataclass(frozen=True)
class Line:
    """The fit of a wear tag: p = sigmoid(slope * margin + offset)."""

    slope: float
    offset: float


Fit = TypeVar("Fit", Scale, Line)


@dataclass(frozen=True)
class Judged:
    """Answers to photos, (photos,): the probability claimed, whether the claim is true, and so on."""

    p: Numbers
    is_true: Flags
    """Of a top answer: whether it is the labelled one. Of a wear tag: whether it is there."""
    is_right: Flags
    """Whether what the probability decides is right; as `is_true` for a top answer."""
    is_known: Flags
    """Whether the right answer is one that the catalogue has."""
    is_given: Flags
    """Whether the answer is above the threshold; a wear tag has none."""


class Samples(Protocol[Fit]):
    """The raw scores of the photos that are labelled for one question."""

    def __len__(self) -> int:
        """The number of photos."""

    def lacking(self) -> str:
        """What keeps the question from being calibrated; nothing if it can be."""

    def fit(self, rows: Integers) -> Fit:
        """The fit on these photos."""

    def judge(self, rows: Integers, fit: Fit | None = None) -> Judged:
        """The answers to these photos by a fit; None: without calibration."""


@dataclass(frozen=True)
class TypeSamples:
    """Of each photo the top kind's probability and whether it is right, by alpha: (photos, alphas)."""

    p: Numbers
    is_right: Flags
    is_known: Flags
    """Whether the labelled kind is in the catalogue: (photos,)."""
    precision: float

    def __len__(self) -> int:
        return len(self.p)

    def lacking(self) -> str:
        """What keeps the question from being calibrated."""
        return _too_few(len(self))

    def fit(self, rows: Integers) -> Scale:
        """The alpha whose top is right most often, the smallest of equals; its temperature and threshold."""
        alpha = int(self.is_right[rows].sum(0).argmax())
        p, right = self.p[rows, alpha], self.is_right[rows, alpha]
        temperature = fitting.odds_temperature(p, right)
        threshold = fitting.least_threshold(_odds_scaled(p, temperature), right, self.precision)
        return Scale(temperature, threshold, ALPHAS[alpha])

    def judge(self, rows: Integers, fit: Scale | None = None) -> Judged:
        """The top kinds of these photos."""
        fit = fit or Scale(1.0, 0.5)
        alpha = ALPHAS.index(fit.alpha)
        p, right = _odds_scaled(self.p[rows, alpha], fit.temperature), self.is_right[rows, alpha]
        return Judged(p, right, right, self.is_known[rows], fit.gives(p))


@dataclass(frozen=True)
class ShareSamples:
    """Of each photo the log share of each answer, -inf where it was not asked for: (photos, answers)."""

    log_shares: Numbers
    truth: Integers
    """The labelled answer's column, -1 if it was not asked for: the model took another department."""
    precision: float

    def __len__(self) -> int:
        return len(self.truth)

    def lacking(self) -> str:
        """What keeps the question from being calibrated."""
        return _too_few(int((self.truth >= 0).sum()), "whose labelled answer the model was asked for")

    def fit(self, rows: Integers) -> Scale:
        """The temperature of the shares, and the threshold of the top one."""
        asked = rows[self.truth[rows] >= 0]
        temperature = fitting.share_temperature(self.log_shares[asked], self.truth[asked])
        judged = self.judge(rows, Scale(temperature, None))
        return Scale(temperature, fitting.least_threshold(judged.p, judged.is_true, self.precision))

    def judge(self, rows: Integers, fit: Scale | None = None) -> Judged:
        """The answers with the largest shares."""
        fit = fit or Scale(1.0, 0.5)
        shares = fitting.scaled_shares(self.log_shares[rows], fit.temperature)
        right = shares.argmax(1) == self.truth[rows]
        p = shares.max(1)
        return Judged(p, right, right, np.ones(len(rows), dtype=bool), fit.gives(p))


@dataclass(frozen=True)
class WearSamples:
    """Of each photo log p(yes) - log p(no) for one tag, and whether it is there: (photos,)."""

    margins: Numbers
    present: Flags

    def __len__(self) -> int:
        return len(self.present)

    def lacking(self) -> str:
        """What keeps the tag from being calibrated."""
        there = int(self.present.sum())
        for count, what in ((there, "with it"), (len(self) - there, "without it")):
            if count < FEWEST_OF_EACH:
                return _too_few(len(self)) or f"{count} labelled photos {what}; {FEWEST_OF_EACH} are needed"
        return _too_few(len(self))

    def fit(self, rows: Integers) -> Line:
        """The line of the margins."""
        return Line(*fitting.platt(self.margins[rows], self.present[rows]))

    def judge(self, rows: Integers, fit: Line | None = None) -> Judged:
        """The probability that the tag is there."""
        fit = fit or Line(1.0, 0.0)
        p, there = expit(fit.slope * self.margins[rows] + fit.offset), self.present[rows]
        every = np.ones(len(rows), dtype=bool)
        return Judged(p, there, (p >= 0.5) == there, every, every)


def _odds_scaled(p: Numbers, temperature: float) -> Numbers:
    return np.asarray(expit(fitting.log_odds(p) / temperature))


def _too_few(count: int, which: str = "") -> str:
    photos = " ".join(filter(None, ("labelled photos", which)))
    return f"{count} {photos}; {FEWEST} are needed" if count < FEWEST else ""
