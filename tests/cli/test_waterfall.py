"""The bars of a trace."""

from io import StringIO
from typing import Any
from xml.etree import ElementTree

import pytest
from rich.console import Console

from cli.waterfall import draw, svg, waterfall

SERVICE, JOBS = "a" * 16, "b" * 16


def line(second: float, duration_ms: float, **fields: Any) -> dict[str, Any]:
    time = f"2026-11-27T02:00:{second:09.6f}+00:00"
    return {"time": time, "service": "jobs", "message": "done", "duration_ms": duration_ms, **fields}


REQUEST = line(
    2,
    1000,
    service="analyze",
    span=SERVICE,
    parent="c" * 16,
    status=202,
    stages_ms={"photo": 300, "accept": 100},
)
JOB = line(10, 500, span=JOBS, parent=SERVICE, outcome="done")


def test_hops_stand_below_their_callers() -> None:
    bars = waterfall([JOB, REQUEST])
    assert [(bar.name, bar.depth, bar.at_ms, bar.ms) for bar in bars] == [
        ("analyze: done", 0, 0, 1000),
        ("photo", 1, 0, 300),
        ("accept", 1, 300, 100),
        ("jobs: done", 1, 8500, 500),
    ]


def test_longest_line_is_the_bar() -> None:
    bars = waterfall([line(2, 10, span=JOBS, message="part"), line(2.5, 900, span=JOBS, message="whole")])
    assert [bar.name for bar in bars] == ["jobs: whole"]


def test_reports_end_spans_from_its_acceptance() -> None:
    end = line(
        10,
        9000,
        span=JOBS,
        message="report ended",
        report="R",
        outcome="succeeded",
        stages_ms={"model": 7000},
    )
    bars = waterfall([REQUEST, JOB, end])
    assert [(bar.name, bar.at_ms) for bar in bars if bar.kind == "report"] == [("report R", 0)]
    # The model was asked in the hop before: the stage ends with this one.
    assert [(bar.at_ms, bar.ms) for bar in bars if bar.name == "model"] == [(2000, 7000)]


def test_stage_stays_in_its_hop() -> None:
    end = line(10, 9000, span=JOBS, message="report ended", stages_ms={"photo": 300, "model": 7000})
    names = [(bar.name, bar.depth) for bar in waterfall([end, JOB, REQUEST]) if bar.kind == "stage"]
    assert names == [("photo", 1), ("accept", 1), ("model", 2)]


def test_late_hop_has_no_bar() -> None:
    end = line(10, 9000, span=JOBS, message="report ended", outcome="succeeded")
    late = line(50, 5, span="d" * 16, parent=SERVICE)
    bars = waterfall([REQUEST, JOB, end, late])
    assert [bar.late for bar in bars if bar.kind == "hop"] == [False, False, True]
    assert "after 49 s" in svg(bars, "x")


@pytest.mark.parametrize(
    ("outcome", "colour"), [("done", "hop"), ("200", "hop"), ("failed", "failed"), ("503", "failed")]
)
def test_failure_has_its_own_colour(outcome: str, colour: str) -> None:
    (bar,) = waterfall([line(2, 10, outcome=outcome)])
    assert bar.colour == colour


def test_cyclic_parents_end() -> None:
    lines = [line(2, 10, span=SERVICE, parent=JOBS), line(3, 10, span=JOBS, parent=SERVICE)]
    assert waterfall(lines) == []


def test_nothing_is_no_waterfall() -> None:
    assert waterfall([]) == []
    assert waterfall([{"time": "2026-11-27T02:00:00+00:00", "message": "x"}]) == []


def test_picture_is_well_formed() -> None:
    bars = waterfall([REQUEST, line(3, 5, service="<&>", message='"quoted"')])
    root = ElementTree.fromstring(svg(bars, "trace <1>"))  # noqa: S314 - our own text
    texts = [each.text for each in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "trace <1>" in texts
    assert '<&>: "quoted"' in texts
    assert len(list(root.iter("{http://www.w3.org/2000/svg}rect"))) == 1 + len(bars)


def test_terminal_shows_every_bar() -> None:
    out = StringIO()
    draw(waterfall([REQUEST, JOB]), Console(file=out, width=120))
    said = out.getvalue()
    assert all(word in said for word in ("analyze: done", "photo", "accept", "jobs: done", "202"))
