"""What the bucket keeps, against single objects that expire as S3's lifecycle lets them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from planning.assumptions import load_assumptions
from planning.bucket.retention import Retention, retention


def kept(created: np.ndarray, days: int, erased_after: np.ndarray, at: float) -> float:
    """Count the objects at a moment: S3 adds the rule's days, and rounds up to the next midnight."""
    expires = np.ceil(created + days)
    return float(((created <= at) & (at < np.minimum(expires, created + erased_after))).sum())


@pytest.mark.parametrize(("days", "erased"), [(1, 0.0), (7, 0.0), (7, 0.5), (30, 0.2), (90, 1.0)])
def test_photos_are_kept_as_the_lifecycle_says(days: int, erased: float) -> None:
    random = np.random.default_rng(5)
    a_day, horizon = 1000, 120
    created = np.repeat(np.arange(horizon), a_day) + random.random(horizon * a_day)
    erased_after = np.where(random.random(created.size) < erased, random.random(created.size) * days, np.inf)
    found = Retention(days, erased, 0.0).stored(np.full(horizon, float(a_day)), np.zeros(horizon))
    for day in (0, 5, days // 2, days, horizon - 1):
        moments = day + (np.arange(4) + 0.5) / 4
        mean = np.mean([kept(created, days, erased_after, moment) for moment in moments])
        assert found[day] == pytest.approx(mean, rel=0.04, abs=a_day * 0.05)


def test_size_settles_at_the_mean_days() -> None:
    one = Retention(30, 0.1, 0.0)
    assert one.stored(np.full(100, 2.0), np.zeros(100))[-1] == pytest.approx(2 * one.mean_days)
    assert one.mean_days == pytest.approx(30.5 - 0.1 * 31 / 2)
    assert one.settled(2.0) == pytest.approx(2 * one.mean_days)


def test_unused_uploads_stay_a_day_and_a_half() -> None:
    found = Retention(365, 0.0, 100.0).stored(np.zeros(10), np.full(10, 3.0))
    assert found.tolist() == [150.0] + [450.0] * 9


def test_unused_uploads_of_a_report() -> None:
    assumptions = load_assumptions()
    # 3 % of the reports have 3.63 photos of 4 MB by uploads, and one upload of ten has no report.
    assert retention(365, assumptions).unused_bytes == pytest.approx(0.03 * 3.46 * 4e6 / 9, rel=0.02)


@given(
    added=st.lists(st.integers(0, 1000), min_size=1, max_size=25),
    days=st.integers(1, 30),
    erased=st.floats(0, 1),
)
def test_sums_equal_those_day_by_day(added: list[int], days: int, erased: float) -> None:
    found = Retention(days, erased, 0.0).stored(np.array(added, float), np.zeros(len(added)))
    for day, size in enumerate(found):
        ages = range(1, min(day, days) + 1)
        kept_before = sum(added[day - age] * (1 - erased * age / days) for age in ages)
        assert size == pytest.approx(added[day] / 2 + kept_before, abs=1e-6)
