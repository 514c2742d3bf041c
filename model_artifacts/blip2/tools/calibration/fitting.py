"""Fits the numbers that turn a model's scores into probabilities, and measures how far those are off.

p: probabilities of the likeliest answer, (photos,); right: whether it is the labelled one, (photos,).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import minimize, minimize_scalar
from scipy.special import expit, log_expit, logit, logsumexp

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]
    Flags = NDArray[np.bool_]
    Integers = NDArray[np.int64]

LEAST = 1e-12
"""Probabilities are read as at least this much, and at most 1 less this much."""
_TEMPERATURES = (0.05, 20.0)
LEAST_THRESHOLD = 0.5
_FEWEST_GIVEN = 20
"""A share of right answers among fewer says nothing."""
_STEEPEST = 100.0


def log_odds(p: Numbers) -> Numbers:
    """The log odds of probabilities."""
    return np.asarray(logit(np.clip(p, LEAST, 1 - LEAST)))


def odds_temperature(p: Numbers, right: Flags) -> float:
    """The temperature T of the log odds by which sigmoid(logit(p) / T) predicts `right` with least log loss.

    As with one photo more of which half is right, so that answers which are all right (or all wrong) on n
    photos are not taken for certain.
    """
    odds = log_odds(p)
    truth = _softened(right)

    def loss(log_temperature: float) -> float:
        scaled = odds / np.exp(log_temperature)
        return float(-(truth * log_expit(scaled) + (1 - truth) * log_expit(-scaled)).mean())

    return _least(loss)


def share_temperature(log_shares: Numbers, truth: Integers) -> float:
    """The temperature T by which softmax(log shares / T) predicts `truth` with least cross-entropy.

    `log_shares`: (photos, answers), -inf where an answer was not asked for; `truth`: the labelled answer's
    column. The labelled answer counts a little less than whole, as in `odds_temperature`.
    """
    rows = np.arange(len(truth))
    asked = np.isfinite(log_shares)
    weights = np.where(asked, 0.5 / (len(truth) + 1) / asked.sum(1, keepdims=True), 0)
    weights[rows, truth] += 1 - 0.5 / (len(truth) + 1)
    known = np.where(asked, log_shares, 0)

    def loss(log_temperature: float) -> float:
        temperature = np.exp(log_temperature)
        totals = logsumexp(log_shares / temperature, axis=1)
        return float(totals.mean() - (weights * known / temperature).sum(1).mean())

    return _least(loss)


def scaled_shares(log_shares: Numbers, temperature: float) -> Numbers:
    """The shares at a temperature: (photos, answers)."""
    scaled = log_shares / temperature
    return np.asarray(np.exp(scaled - logsumexp(scaled, axis=1, keepdims=True)))


def platt(margins: Numbers, present: Flags) -> tuple[float, float]:
    """The slope (at least 0) and offset by which sigmoid(slope · margin + offset) predicts `present`.

    With Platt's targets (n + 1) / (n + 2) and 1 / (n + 2) in place of 1 and 0, which keep the line finite
    where the margins separate the photos. A slope of 0 means that the margins say nothing.
    """
    there = int(present.sum())
    absent = len(present) - there
    targets = np.where(present, (there + 1) / (there + 2), 1 / (absent + 2))
    spread = max(float(margins.std()), 1e-6)
    middle = float(margins.mean())
    standard = (margins - middle) / spread

    def loss(line: Numbers) -> tuple[float, Numbers]:
        z = line[0] * standard + line[1]
        off = expit(z) - targets
        value = -(targets * log_expit(z) + (1 - targets) * log_expit(-z)).mean()
        return float(value), np.array([(off * standard).mean(), off.mean()])

    start = np.array([1.0, float(logit(targets.mean()))])
    found = minimize(
        loss, start, jac=True, method="L-BFGS-B", bounds=[(0.0, _STEEPEST), (-_STEEPEST, _STEEPEST)]
    )
    slope = float(found.x[0]) / spread
    return slope, float(found.x[1]) - slope * middle


def least_threshold(p: Numbers, right: Flags, precision: float) -> float | None:
    """The least threshold by which this share of the answers given is right; None: there is none.

    It is one of the p seen, or `LEAST_THRESHOLD` if all answers from there on are precise together: below
    it an answer is likelier wrong than right.
    """
    order = np.argsort(-p, kind="stable")
    order = order[p[order] >= LEAST_THRESHOLD]
    sorted_p = p[order]
    given = np.arange(1, len(order) + 1)
    share = np.cumsum(right[order]) / given
    # Answers with the same p are given together.
    last_of_equals = np.append(sorted_p[1:] < sorted_p[:-1], True)[: len(order)]
    reaching = np.flatnonzero(last_of_equals & (share >= precision) & (given >= _FEWEST_GIVEN))
    if not len(reaching):
        return None
    return LEAST_THRESHOLD if reaching[-1] == len(order) - 1 else float(sorted_p[reaching[-1]])


def calibration_error(p: Numbers, right: Flags, bins: int = 15) -> float:
    """The expected calibration error: the mean gap of p and `right` over bins with equally many photos."""
    parts = [part for part in np.array_split(np.argsort(p, kind="stable"), bins) if len(part)]
    return float(sum(len(part) * abs(p[part].mean() - right[part].mean()) for part in parts) / len(p))


def _softened(right: Flags) -> Numbers:
    share = 0.5 / (len(right) + 1)
    return np.where(right, 1 - share, share)


def _least(loss: object) -> float:
    low, high = np.log(_TEMPERATURES)
    found = minimize_scalar(loss, bounds=(low, high), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))
