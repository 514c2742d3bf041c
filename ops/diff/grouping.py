"""Equal findings in one line: those that differ only in the resource or operation that they are about."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from ops.diff.api.changes import ApiChange
    from ops.diff.consequences import Consequence

# So many of a group are named; the folded changes have them all.
_NAMED = 2
_SUBJECT = re.compile(r"(.*) \([\w:]*?(\w+)\)$", re.DOTALL)


def grouped(found: Iterable[Consequence]) -> list[Consequence]:
    """Return one finding for all that happens alike: "12 log groups (analyze/A, gateway/B and 10 more):"."""
    groups: dict[tuple[str, str, str], list[Consequence]] = defaultdict(list)
    for one in found:
        groups[one.severity, one.happens, one.remedy].append(one)
    return [replace(each[0], subject=_subject([one.subject for one in each])) for each in groups.values()]


def grouped_api(changes: Iterable[ApiChange]) -> list[ApiChange]:
    """Return one change for all operations in which the same changes."""
    groups: dict[tuple[str, bool], list[ApiChange]] = defaultdict(list)
    for one in changes:
        groups[one.what, one.breaking].append(one)
    return [replace(each[0], operation=_few([one.operation for one in each])) for each in groups.values()]


def _subject(subjects: Sequence[str]) -> str:
    subjects = list(dict.fromkeys(subjects))
    if len(subjects) == 1:
        return subjects[0]
    parts = [_SUBJECT.match(one) for one in subjects]
    kinds = {one[2] if one else "" for one in parts}
    noun = _plural(kinds.pop()) if len(kinds) == 1 else "resources"
    names = [one[1] if one else subject for one, subject in zip(parts, subjects, strict=True)]
    return f"{len(subjects)} {noun} ({_few(names)}):"


def _few(names: Sequence[str]) -> str:
    more = len(names) - _NAMED
    return ", ".join(names[:_NAMED]) + (f" and {more} more" if more > 0 else "")


def _plural(kind: str) -> str:
    """Return the name of a type for several: "log groups" for LogGroup."""
    if not kind:
        return "resources"
    words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", kind).lower()
    return f"{words[:-1]}ies" if words.endswith("y") else f"{words}s"
