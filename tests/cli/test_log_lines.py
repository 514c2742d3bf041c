"""Which log lines belong to a trace, a report or a user."""

import json
from typing import Any

import pytest

from cli.errors import UserError
from cli.log_lines import Wanted, began_at, each_once, ended, parse, story, total_usd

TRACE, OTHER = "4bf92f3577b34da6a3ce929d0e0e4736", "a" * 32
REPORT = "01M8DBVN3Z3MNW8RA35CQ3DTVE"
USER = "00f067aa0ba902b7"


def line(second: float = 0.0, **fields: Any) -> dict[str, Any]:
    return {"time": f"2026-11-27T02:00:{second:09.6f}+00:00", "service": "jobs", "message": "x", **fields}


def test_line_may_follow_another_programs_words() -> None:
    text = (
        f"2026-11-27T02:00:00,001 [INFO ] W-9000-model_1.0-stdout MODEL_LOG - {json.dumps(line(status=200))}"
    )
    assert parse(text) == line(status=200)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "START RequestId: 1",
        "{",
        "[]",
        "null",
        '{"a": 1}',
        '{"time": "yesterday", "message": "x"}',
        '{"time": 1}',
    ],
)
def test_other_text_is_no_line(text: str) -> None:
    assert parse(text) is None


def test_gateways_record_becomes_a_line() -> None:
    record = {
        "request_id": "LzAJojPC4Cv0zeA=",
        "time_ms": "1795744800000",
        "latency_ms": "250",
        "status": "202",
        "route": "POST /analyze",
        "source_ip": "192.0.2.1",
    }
    found = parse(json.dumps(record))
    assert found is not None
    assert (found["service"], found["request"], found["status"]) == ("gateway", "LzAJojPC4Cv0zeA=", 202)
    assert began_at(found).timestamp() == 1795744800
    # An address is not needed to tell what happened.
    assert "192.0.2.1" not in str(found)
    assert parse(json.dumps({**record, "latency_ms": "-"})) is None


def test_edge_line_that_arrived_stands_alone() -> None:
    written = line(1, service="report-ready", span="a" * 16)
    arrived = {**written, "time": line(1.002)["time"], "event": "e-1"}
    other_span = {**written, "span": "b" * 16}
    booted = [{**line(2), "event": event} for event in ("e-2", "e-3")]
    # CloudWatch Logs may have an event twice.
    assert each_once([written, other_span, arrived, dict(arrived), *booted]) == [other_span, arrived, *booted]


def test_story_joins_the_gateways_request() -> None:
    lines = [
        line(4, trace=TRACE, message="message handled"),
        line(3, trace=TRACE, request="r-1"),
        line(1, service="authorizer", request="r-1"),
        line(2, service="authorizer", request="r-2"),
        line(5, trace=OTHER, request="r-2"),
    ]
    assert [each["time"][-14:-6] for each in story(lines, Wanted(trace=TRACE))] == [
        "1.000000",
        "3.000000",
        "4.000000",
    ]


def test_reports_story_leaves_reads_out() -> None:
    lines = [
        line(1, trace=TRACE, request="r-1"),
        line(2, trace=TRACE, report=REPORT, message="report ended"),
        line(3, trace=OTHER, report=REPORT, message="request"),
    ]
    assert story(lines, Wanted(report=REPORT)) == lines[:2]


def test_unended_reports_story_has_every_trace() -> None:
    lines = [line(1, trace=TRACE, report=REPORT), line(2, trace=OTHER, report=REPORT), line(3, report=REPORT)]
    assert story(lines, Wanted(report=REPORT)) == lines[:2]
    assert story(lines[2:], Wanted(report=REPORT)) == lines[2:]


def test_reports_are_chosen_and_sorted() -> None:
    lines = [
        line(1, message="report ended", duration_ms=900, user=USER, outcome="succeeded", cost_usd=0.5),
        line(2, message="report ended", duration_ms=90_000, user=USER, outcome="failed"),
        line(3, message="report ended", duration_ms=20_000, user=USER, outcome="succeeded", cost_usd=0.25),
        line(4, message="report ended", duration_ms=99_000, user="0" * 16, outcome="failed"),
        line(5, message="request", duration_ms=99_000, user=USER),
    ]
    assert [each["time"][17:19] for each in ended(lines, Wanted(user=USER))] == ["02", "03", "01"]
    assert [each["time"][17:19] for each in ended(lines, Wanted(user=USER, slower_than_s=10))] == ["02", "03"]
    assert [each["time"][17:19] for each in ended(lines, Wanted(failed=True))] == ["04", "02"]
    assert total_usd(ended(lines, Wanted(user=USER))) == (0.75, 1)


@pytest.mark.parametrize(
    "wrong",
    [
        {"trace": "x"},
        {"trace": TRACE.upper()},
        {"trace": f'{TRACE[:-1]}"'},
        {"report": REPORT.lower()},
        {"report": f"{REPORT}'"},
        {"user": "anna@example.com"},
        {"user": ""},
        {"trace": TRACE, "report": REPORT},
    ],
)
def test_wrong_id_is_named(wrong: dict[str, str]) -> None:
    with pytest.raises(UserError) as caught:
        Wanted(**wrong)  # type: ignore[arg-type]
    assert caught.value.hint
