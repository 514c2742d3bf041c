"""The comparison as a comment of a pull request: Markdown of at most 60 lines for each environment.

Nothing is cut in the middle of a line or of a block: where there is more, the least important lines are
counted instead.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ops.diff import sentences
from ops.diff.grouping import grouped, grouped_api
from ops.diff.report import change_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from ops.diff.consequences import Consequence
    from ops.diff.judge import Judgement
    from ops.diff.report import Report

LINES = 60
# GitHub refuses a longer comment; it counts 65,536 characters.
CHARACTERS = 60_000
TITLE = "## What a deployment would change"
# Lines of an environment besides its lists: headings, empty lines, and the tags around the details.
_FRAME = 16


@dataclass
class _List:
    """The lines of one list, and what they are called when some of them are counted only."""

    what: str
    lines: Sequence[str]
    shown: int = field(default=0)

    def written(self) -> Iterator[str]:
        yield from self.lines[: self.shown]
        if (more := len(self.lines) - self.shown) > 0:
            beside = "and " if self.shown else ""
            yield f"- … {beside}{sentences.counted(more, f'more {self.what}' if self.shown else self.what)}"


def comment(report: Report) -> str:
    """Return the comment, which ends with a line's end."""
    lines = LINES
    while len(text := "\n".join(_comment(report, lines)) + "\n") > CHARACTERS and lines > _FRAME:
        lines -= 4
    return text


def _comment(report: Report, lines: int) -> Iterator[str]:
    yield from (TITLE, "", _bold(sentences.verdict(report)))
    if report.judges_itself:
        yield from ("", "The rules of this comparison change in this pull request.")
    for one in report.judgements if not report.is_empty else ():
        yield ""
        yield from _environment(report, one, lines)
    if isinstance(report.costs, str):
        yield from ("", _escaped(report.costs))
    if report.api:
        yield ""
        yield from _api(report, lines)


def _environment(report: Report, one: Judgement, lines: int) -> Iterator[str]:
    if report.is_nothing(one):
        yield f"### {one.environment}: nothing changes"
        return
    found = grouped(one.consequences)
    grave = [each for each in found if each.severity != "note"]
    notes = [each for each in found if each.severity == "note"]
    changes = list(change_lines(one))
    lists = [
        _List("finding", [_finding(each) for each in grave]),
        _List("setting", [f"- `{_code(each)}`" for each in one.settings]),
        _List("note", [_finding(each) for each in notes]),
        _List("change", [f"- {_escaped(each)}" for each in changes]),
    ]
    _share(lists, lines - _FRAME)
    findings, settings, noted, details = lists
    yield f"### {one.environment}: {one.verdict}"
    sentence = [
        _escaped(each) for each in (sentences.code(one), sentences.cost(report.cost(one.environment)))
    ]
    named = ["Settings:", "", *settings.written()] if one.settings else []
    for block in (findings.written(), named, *([each] for each in sentence if each)):
        if written := list(block):
            yield from ("", *written)
    if notes or changes:
        title = " and ".join(
            sentences.counted(len(each), what)
            for each, what in ((changes, "change"), (notes, "note"))
            if each
        )
        yield from ("", f"<details><summary>{title}</summary>", "")
        yield from (*noted.written(), *details.written())
        yield from ("", "</details>")


def _api(report: Report, lines: int) -> Iterator[str]:
    found = grouped_api(report.api or ())
    breaking = [one for one in found if one.breaking]
    others = [one for one in found if not one.breaking]
    lists = [
        _List(
            "breaking change", [f"- **{_escaped(one.operation)}**: {_escaped(one.what)}" for one in breaking]
        ),
        _List("addition", [f"- {_escaped(one.operation)}: {_escaped(one.what)}" for one in others]),
    ]
    _share(lists, lines - _FRAME)
    yield f"### API: {'breaking' if breaking else 'additions'}"
    if breaking:
        yield from ("", *lists[0].written())
    if others:
        title = sentences.counted(len(others), "addition")
        yield from ("", f"<details><summary>{title}</summary>", "", *lists[1].written(), "", "</details>")


def _share(lists: Sequence[_List], lines: int) -> None:
    """Give lines to lists in the order of their importance; each keeps one that counts the rest."""
    left = max(0, lines - len(lists))
    for one in lists:
        one.shown = min(len(one.lines), left)
        left -= one.shown


def _finding(one: Consequence) -> str:
    subject = f"{one.severity}: {one.subject}" if one.severity != "note" else one.subject
    remedy = f" {_escaped(one.remedy)}" if one.remedy else ""
    end = "." if one.remedy else ""
    start = _bold(subject) if one.severity == "data loss" else _escaped(subject)
    return f"- {start} {_escaped(one.happens)}{end}{remedy}"


def _bold(text: str) -> str:
    return f"**{_escaped(text)}**"


def _code(text: str) -> str:
    return " ".join(text.split()).replace("`", "'")


def _escaped(text: str) -> str:
    """Return a text that shows as it is; what is in backticks stays code."""
    parts = re.split(r"(`[^`\n]*`)", " ".join(text.split()))
    return "".join(
        part if place % 2 else re.sub(r"([\\*_<>\[\]#|~])", r"\\\1", part).replace("@", "@<!-- -->")
        for place, part in enumerate(parts)
    )
