"""The answer and the command: what an owner reads, and what a program gets."""

import json
import math
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from planning.answer import Answer
from planning.assumptions import load_assumptions
from planning.bucket.answer import bucket_answer
from planning.bucket.commands import bucket
from planning.bucket.forecast import forecast
from planning.bucket.notes import notes
from planning.errors import UserListError
from planning.users.user_list import UserList
from settings.environment import load_environment

TODAY = date(2026, 11, 27)
PROD, ASSUMED = load_environment("prod"), load_assumptions()


def listed(counts: tuple[int, ...] = (12,) * 400, last_days_ago: int = 1, **facts: Any) -> UserList:
    first = TODAY - timedelta(days=len(counts) + last_days_ago - 1)
    return UserList("users.csv", first, counts, **facts)


@pytest.fixture(scope="module")
def steady() -> Answer:
    return bucket_answer(PROD, listed(), ASSUMED, TODAY)


def test_tables_are_whole(steady: Answer) -> None:
    for table in steady.tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.columns)}
        assert table.numbers <= set(table.columns)


def test_charts_are_drawable(steady: Answer) -> None:
    for chart in steady.charts:
        assert chart.alt.endswith(".")
        for series in chart.series:
            assert len(series.x) == len(series.y)
            assert len(series.y_high) in {0, len(series.y)}
            assert all(map(math.isfinite, (*series.y, *series.y_high)))


def test_lead_says_the_figures_of_the_data(steady: Answer) -> None:
    data: Any = steady.data
    last = data["months"][-1]["bucket_bytes"]["p50"] / 2**30
    assert f"{last:,.0f} and" in steady.lead
    assert f"for {data['last_month']['usd']:.2f} USD a month" in steady.lead
    standard, infrequent = (data["usd_per_1000_photos"][name] for name in ("Standard", "Standard-IA"))
    assert f"Standard-IA costs {infrequent / standard - 1:.0%} more" in steady.lead


def test_data_is_json_of_the_forecast(steady: Answer) -> None:
    data = json.loads(json.dumps(steady.data, allow_nan=False))
    found = forecast(PROD, listed(), ASSUMED, TODAY)
    assert [one["bucket_bytes"]["p90"] for one in data["months"]] == [one.p90 for one in found.bucket_bytes]
    assert data["months"][11]["ends"] == "2027-11-27"


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({}, "P90 and P99 hold if the assumptions do"),
        ({"counts": (5000,)}, "too short to tell a growth"),
        ({"counts": (9000, *[5] * 100)}, "The sign-ups of 2026-08-18 look like an import"),
        ({"counts": (5, 5, 5, 5, 5, 60, 60) * 20}, "times as much as by chance"),
        ({"last_days_ago": 90}, "90 days ago"),
        (
            {"left_out": {"deleted": 48, "banned": 48}},
            "2.0% of the users can make no report (48 d",
        ),
        ({"counts": tuple(round(1.01**day) for day in range(500))}, "growth_continues"),
        ({"counts": tuple(round(5 * 1.01 ** min(day, 300)) for day in range(450))}, "do not grow evenly"),
        ({"notes": ("created_at is read day first, as row 3 shows: 25/04/2026",)}, "read day first"),
        ({"active": 960}, "as the list's last sign-ins say"),
    ],
)
def test_notes_say_what_a_reader_must_know(facts: dict[str, Any], says: str) -> None:
    users = listed(**facts)
    found = notes(users, forecast(PROD, users, ASSUMED, TODAY, draws=20), ASSUMED)
    assert any(says in note for note in found)


def test_assumed_prices_are_said(steady: Answer) -> None:
    assert any("s3_ia" in note for note in steady.notes)


def export(folder: Path) -> Path:
    now = datetime.now(UTC)
    rows = [f"{(now - timedelta(days=day)).isoformat()}\n" for day in range(1, 60) for _ in range(3)]
    file = folder / "users.csv"
    file.write_text("created_at\n" + "".join(rows), "utf-8")
    return file


def test_command_reads_file_and_pipe(tmp_path: Path) -> None:
    file = export(tmp_path)
    printed = CliRunner().invoke(bucket, [str(file)])
    assert printed.exit_code == 0, printed.output
    assert printed.stdout.startswith("The image bucket of prod, for the users of users.csv\n")
    piped = CliRunner().invoke(bucket, ["-", "--json"], input=file.read_bytes())
    assert json.loads(piped.stdout)["users"] == 177
    assert piped.stderr == ""


def test_command_takes_other_assumptions(tmp_path: Path) -> None:
    file, own = export(tmp_path), tmp_path / "own.toml"
    own.write_text("[photos]\nstored_kb = { median = 950.0, p90 = 1400.0 }\n", "utf-8")
    usual, bigger = (
        json.loads(CliRunner().invoke(bucket, [str(file), "--json", *more]).stdout)["settles_bytes"]
        for more in ([], ["--assume", str(own)])
    )
    ratio = bigger["users_of_today"]["p50"] / usual["users_of_today"]["p50"]
    assert ratio == pytest.approx(10, rel=0.01)


def test_command_passes_a_refusal_on(tmp_path: Path) -> None:
    (file := tmp_path / "users.csv").write_text("created_at\n03/04/2026\n", "utf-8")
    refused = CliRunner().invoke(bucket, [str(file)])
    assert isinstance(refused.exception, UserListError)
    assert "row 2, created_at" in str(refused.exception)
