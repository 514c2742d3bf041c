"""What a file of own assumptions may say."""

from pathlib import Path

import pytest

from planning.assumptions import load_assumptions
from planning.errors import PlanningError


def test_own_values_replace_single_ones(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[reports]\nviewed = 7\n")
    assert load_assumptions(own).reports.viewed == 7
    assert load_assumptions(own).photos == load_assumptions().photos


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[users]\nactive_shar = 1\n", "users.active_shar: "),
        ("[user]\n", "user: "),
        ("users = 3\n", "users: "),
        ("[photos]\nper_report = [0, 0]\n", "photos.per_report: Value error, at least one above 0"),
        (f"[arrivals]\nhours = {[0] * 24}\n", "arrivals.hours: Value error, at least one above 0"),
        (f"[arrivals]\ndays = {[0] * 7}\n", "arrivals.days: Value error, at least one above 0"),
        ("[reports]\nviewed = inf\n", "reports.viewed: Input should be a finite number"),
        ("[arrivals]\npeak_over_mean = nan\n", "arrivals.peak_over_mean: Input should be a finite number"),
        ("[users.reports_per_active_user]\nmedian = 12\np90 = 3\n", "a p90 above the median"),
    ],
)
def test_bad_value_is_named(text: str, says: str, tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text(text)
    with pytest.raises(PlanningError) as caught:
        load_assumptions(own)
    assert str(caught.value).startswith(f"{own}: ")
    assert says in str(caught.value)
    assert caught.value.hint


def test_broken_file_is_named(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text("[users\n")
    with pytest.raises(PlanningError, match=r"own\.toml: cannot be read as TOML"):
        load_assumptions(own)
