"""Fits against made sets whose bias is known."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit, logit

from model_artifacts.blip2.tools.calibration import fitting

RANDOM = np.random.default_rng(7)


@pytest.mark.parametrize("bias", [0.5, 1.0, 1.6, 3.0])
def test_odds_temperature_is_recovered(bias: float) -> None:
    true_p = RANDOM.beta(3, 2, 20_000)
    right = RANDOM.random(20_000) < true_p
    claimed = expit(logit(true_p) * bias)

    found = fitting.odds_temperature(claimed, right)

    assert found == pytest.approx(bias, rel=0.05)
    assert np.abs(expit(logit(claimed) / found) - true_p).max() <= 0.02


@pytest.mark.parametrize("bias", [0.5, 1.0, 2.5])
def test_share_temperature_is_recovered(bias: float) -> None:
    shares = RANDOM.dirichlet(np.full(6, 0.4), 8_000)
    truth = (RANDOM.random((8_000, 1)) > shares.cumsum(1)).sum(1)
    log_shares = np.log(np.clip(shares, 1e-12, None)) * bias

    found = fitting.share_temperature(log_shares, truth)

    assert found == pytest.approx(bias, rel=0.05)
    assert np.abs(fitting.scaled_shares(log_shares, found) - shares).max() <= 0.02


def test_answers_not_asked_for_get_nothing() -> None:
    log_shares = np.array([[np.log(0.7), np.log(0.3), -np.inf]] * 10)
    truth = np.array([0] * 7 + [1] * 3)

    found = fitting.share_temperature(log_shares, truth)

    assert fitting.scaled_shares(log_shares, found)[0] == pytest.approx([0.7, 0.3, 0], abs=0.03)


@pytest.mark.parametrize(("slope", "offset"), [(0.4, -1.5), (1.0, 0.0), (2.5, 3.0)])
def test_platt_line_is_recovered(slope: float, offset: float) -> None:
    margins = RANDOM.normal(-offset / slope, 2 / slope, 20_000)
    present = RANDOM.random(20_000) < expit(slope * margins + offset)

    found = fitting.platt(margins, present)

    assert found == pytest.approx((slope, offset), rel=0.08, abs=0.05)
    p = expit(found[0] * margins + found[1])
    assert np.abs(p - expit(slope * margins + offset)).max() <= 0.02


def test_misleading_margin_counts_for_nothing() -> None:
    margins = RANDOM.normal(0, 2, 2_000)
    present = RANDOM.random(2_000) < expit(-margins)

    slope, offset = fitting.platt(margins, present)

    assert slope == 0
    assert expit(offset) == pytest.approx(present.mean(), abs=0.01)


def test_separable_photos_leave_a_finite_line() -> None:
    margins = np.concatenate([np.full(50, 30.0), np.full(50, -30.0)])

    slope, offset = fitting.platt(margins, margins > 0)

    assert expit(slope * 30 + offset) == pytest.approx(51 / 52, abs=0.001)


@pytest.mark.parametrize("is_right", [True, False])
def test_unanimous_photos_claim_no_certainty(is_right: bool) -> None:
    p = np.full(200, 0.7)

    found = expit(logit(p) / fitting.odds_temperature(p, np.full(200, is_right)))

    assert 0.5 <= found[0] < 1
    assert found[0] == pytest.approx(1 - 0.5 / 201 if is_right else 0.5, abs=0.02)


def test_all_labelled_answers_right_stay_finite() -> None:
    log_shares = np.log(np.tile([0.6, 0.3, 0.1], (300, 1)))

    shares = fitting.scaled_shares(
        log_shares, fitting.share_temperature(log_shares, np.zeros(300, dtype=int))
    )

    assert 0.98 < shares[0, 0] < 1


def test_threshold_keeps_most_photos_at_precision() -> None:
    p = np.linspace(0.01, 1, 100)
    right = p > 0.7

    threshold = fitting.least_threshold(p, right, 0.9)

    assert threshold is not None
    assert right[p >= threshold].mean() >= 0.9
    assert right[p >= threshold - 0.01].mean() < 0.9


def test_equal_probabilities_are_answered_together() -> None:
    p = np.array([0.9] * 20 + [0.6] * 20)
    right = np.array([True] * 30 + [False] * 10)

    assert fitting.least_threshold(p, right, 0.8) == 0.9


def test_unlikely_answer_is_never_given() -> None:
    p = np.linspace(0.01, 1, 200)

    assert fitting.least_threshold(p, np.ones(200, dtype=bool), 0.9) == 0.5
    assert fitting.least_threshold(p * 0.4, np.ones(200, dtype=bool), 0.9) is None


def test_no_threshold_without_right_answers() -> None:
    assert fitting.least_threshold(np.linspace(0.1, 1, 200), np.zeros(200, dtype=bool), 0.9) is None


def test_few_lucky_answers_set_no_threshold() -> None:
    p = np.linspace(0, 1, 200)

    assert fitting.least_threshold(p, p > 0.97, 0.9) is None


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=60),
    st.floats(0.5, 1),
)
def test_threshold_reaches_its_precision(photos: list[tuple[float, bool]], precision: float) -> None:
    p, right = np.array([one for one, _ in photos]), np.array([one for _, one in photos])

    threshold = fitting.least_threshold(p, right, precision)

    if threshold is not None:
        assert right[p >= threshold].mean() >= precision


@settings(max_examples=30)
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=60))
def test_fits_are_finite(photos: list[tuple[float, bool]]) -> None:
    p, right = np.array([one for one, _ in photos]), np.array([one for _, one in photos])

    temperature = fitting.odds_temperature(p, right)
    slope, offset = fitting.platt(fitting.log_odds(p), right)

    assert 0.05 <= temperature <= 20
    assert slope >= 0 and np.isfinite([slope, offset]).all()


def test_calibration_error_is_the_gap() -> None:
    assert fitting.calibration_error(np.full(1000, 0.9), np.arange(1000) % 10 < 6) == pytest.approx(
        0.3, abs=0.03
    )
