"""The comparison as text for people at a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.diff import sentences
from ops.diff.grouping import grouped, grouped_api
from ops.diff.report import change_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.diff.consequences import Severity
    from ops.diff.judge import Judgement
    from ops.diff.report import Report

_MARKS: dict[Severity, str] = {
    "data loss": "✗",
    "weaker protection": "!",
    "interruption": "!",
    "note": "·",
}


def text(report: Report) -> Iterator[str]:
    """Yield the lines of a report: the verdict, then environment by environment, then the API."""
    yield sentences.verdict(report)
    for one in report.judgements if not report.is_empty else ():
        yield ""
        yield from _environment(report, one)
    if isinstance(report.costs, str):
        yield from ("", f"! {report.costs}")
    if report.api:
        yield from ("", "API")
        for change in grouped_api(report.api):
            yield f"  {'✗ breaks' if change.breaking else '·'} {change.operation}: {change.what}"


def _environment(report: Report, one: Judgement) -> Iterator[str]:
    yield f"{one.environment}: {one.verdict}"
    for each in grouped(one.consequences):
        yield f"  {_MARKS[each.severity]} {each.severity}: {each.subject} {each.happens}"
        if each.remedy:
            yield f"      {each.remedy}"
    for sentence in (sentences.code(one), *one.settings, sentences.cost(report.cost(one.environment))):
        if sentence:
            yield f"  {sentence}"
    yield from (f"    {line}" for line in change_lines(one))
