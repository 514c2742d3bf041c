"""The made list of users: as many as asked for, growing as asked for, the same each time."""

import csv
import io
import math
from datetime import date, datetime

import pytest

from planning.example import COLUMNS, example_csv


def rows(content: bytes) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(content.decode())))


def test_same_seed_gives_the_same_list() -> None:
    assert example_csv(users=50) == example_csv(users=50)
    assert example_csv(users=50) != example_csv(users=50, seed=8)


def test_list_has_the_users_in_order() -> None:
    found = rows(example_csv())
    assert len(found) == 5_000
    assert tuple(found[0]) == COLUMNS
    created = [datetime.fromisoformat(row["created_at"]) for row in found]
    assert created == sorted(created)
    assert len({row["id"] for row in found}) == 5_000


@pytest.mark.parametrize("growth", [-0.002, 0.0, 0.003])
def test_sign_ups_grow_at_the_rate(growth: float) -> None:
    days = 400
    found = rows(example_csv(users=10_000, growth_per_day=growth, days=days))
    first_half = sum(row["created_at"] < "2026-05-11" for row in found)  # 200 days before the end
    expected = 1 / (1 + math.exp(growth * days / 2))
    # Four standard deviations of a share of 10,000.
    assert first_half / 10_000 == pytest.approx(expected, abs=4 * 0.5 / 100)


def test_no_moment_is_after_the_last_day() -> None:
    today = date(2026, 3, 1)
    for row in rows(example_csv(users=2_000, days=30, today=today)):
        created, *later = (row[name] for name in COLUMNS[1:])
        assert created < str(today)
        assert all(not moment or created <= moment < str(today) for moment in later)
