"""What `logs` prints."""

from io import StringIO

import pytest
from rich.console import Console

from cli.errors import UserError
from cli.log_lines import Wanted
from cli.log_view import MOST_ROWS, print_lines, summary, wanted, who_is
from settings.environment import load_environment
from tests.cli.test_log_lines import REPORT, TRACE, USER, line


def printed(lines: list[dict[str, object]], chosen: Wanted) -> str:
    out = StringIO()
    print_lines(lines, chosen, Console(file=out, width=200))
    return out.getvalue()


def test_reports_are_listed_with_their_cost() -> None:
    one = line(
        1,
        message="report ended",
        report=REPORT,
        user=USER,
        outcome="failed",
        reason="model_unavailable",
        duration_ms=12_345,
        cost_usd=0.000412,
        stages_ms={"photo": 200, "model": 1500},
    )
    said = printed([one], Wanted())
    for word in (REPORT, USER, "failed model_unavailable", "12.3", "photo 0.2 model 1.5", "0.000412"):
        assert word in said


def test_summary_counts_users_failures_and_cost() -> None:
    lines = [
        line(1, message="report ended", user=USER, outcome="succeeded", duration_ms=1000, cost_usd=0.5),
        line(2, message="report ended", user="0" * 16, outcome="failed", duration_ms=3000),
    ]
    assert summary(lines) == (
        "2 reports of 2 users, 1 failed; median 3.0 s, 95th percentile 3.0 s; 0.500000 USD, 1 of unknown cost"
    )


def test_long_list_is_cut() -> None:
    lines = [line(1, message="report ended", duration_ms=1) for _ in range(MOST_ROWS + 3)]
    assert "3 faster ones" in printed(lines, Wanted())


def test_story_is_in_order_with_reasons() -> None:
    said = printed(
        [
            line(2, trace=TRACE, message="second", error="ValueError", reason="the endpoint is away"),
            line(1, trace=TRACE, message="first", user=USER),
        ],
        Wanted(trace=TRACE),
    )
    assert said.index("first") < said.index("second")
    for word in ("ValueError the endpoint is away", f"user: {USER}", f"trace: {TRACE}"):
        assert word in said


def test_edge_line_shows_its_source() -> None:
    first, second = line(1, trace=TRACE), line(2, trace=TRACE, source="function_logs")
    assert "source" not in printed([first], Wanted(trace=TRACE))
    assert printed([first, second], Wanted(trace=TRACE)).count("function_logs") == 1


def test_missing_story_says_where_to_look() -> None:
    with pytest.raises(UserError) as caught:
        printed([], Wanted(trace=TRACE))
    assert "log_retention_days" in caught.value.hint


def test_no_reports_is_no_error() -> None:
    assert "No report ended" in printed([], Wanted())


@pytest.mark.parametrize("other", [{"user": USER}, {"slow": True}, {"failed": True}])
def test_options_that_contradict_are_refused(other: dict[str, str | bool]) -> None:
    given = {"trace": TRACE, "report": None, "user": None, "slow": False, "failed": False, **other}
    with pytest.raises(UserError, match="choose"):
        wanted(load_environment("local"), **given)  # type: ignore[arg-type]


HASHED = "10583e446aea8603"
ID = "7d1f0e0a-6f5b-4c3e-9a55-0d6f8f1b2c3d"


def test_users_id_is_hashed() -> None:
    # echo -n 7d1f0e0a-… | openssl dgst -sha256 -hmac key
    settings = load_environment("local").model_copy(update={"log_user_key": "key"})
    chosen = wanted(settings, trace=None, report=None, user=ID, slow=True, failed=False)
    assert (chosen.user, chosen.slower_than_s) == (HASHED, 10.0)
    again = wanted(load_environment("local"), trace=None, report=None, user=HASHED, slow=False, failed=False)
    assert again.user == HASHED


def test_statement_names_hash_and_key() -> None:
    said = who_is(HASHED, "shop's key")
    assert f"= '{HASHED}';" in said
    assert "'shop''s key'" in said
