"""What a doctor found, and how it is printed.

Standard library only, and no syntax newer than Python 3.8: local's doctor runs before anything is installed.
"""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import IO

Level = Literal["ok", "note", "warning", "failure"]
# The mark of each level and its ANSI colour.
_MARKS = {"ok": ("✓", 32), "note": ("·", 36), "warning": ("!", 33), "failure": ("✗", 31)}


@dataclass(frozen=True)
class Finding:
    """What one check found about its subject. Only a failure stops a start or a deployment."""

    level: Level
    subject: str
    text: str
    hint: str = ""


def ok(subject: str, text: str) -> Finding:
    """Return a finding that needs no action."""
    return Finding("ok", subject, text)


def note(subject: str, text: str, hint: str = "") -> Finding:
    """Return a finding that is good to know and needs no action."""
    return Finding("note", subject, text, hint)


def warning(subject: str, text: str, hint: str) -> Finding:
    """Return a finding that does not stop anything now, and may cause trouble later."""
    return Finding("warning", subject, text, hint)


def failure(subject: str, text: str, hint: str) -> Finding:
    """Return a finding that must be mended first."""
    return Finding("failure", subject, text, hint)


def passed(findings: Iterable[Finding]) -> bool:
    """Say whether no finding is a failure."""
    return all(finding.level != "failure" for finding in findings)


def print_findings(findings: Iterable[Finding], out: IO[str] | None = None) -> list[Finding]:
    """Print findings one by one, as the checks yield them, and return them."""
    out = out or sys.stdout
    coloured = out.isatty() and "NO_COLOR" not in os.environ
    printed = []
    for finding in findings:
        mark, colour = _MARKS[finding.level]
        mark = f"\x1b[{colour}m{mark}\x1b[0m" if coloured else mark
        out.write(f"{mark} {finding.subject}: {finding.text}\n")
        if finding.hint:
            out.write(f"    hint: {finding.hint}\n")
        out.flush()
        printed.append(finding)
    return printed
