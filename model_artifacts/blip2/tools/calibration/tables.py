"""The measures of a calibration as a table in Markdown, and what stays uncalibrated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .measuring import Measured, Uncalibrated
from .samples import Scale

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from .samples import Line

    Result = Measured[Scale] | Measured[Line] | Uncalibrated

_HEAD = (
    "question",
    "photos",
    "fit",
    "threshold",
    "off before",
    "off after",
    "right",
    "answered",
    "of those right",
)


def table(results: Sequence[Result]) -> list[str]:
    """The lines of the table, then a line for each reason why questions stay uncalibrated.

    All measures but `off before` are of photos that the fit did not see. `off` is the expected calibration
    error; `right` counts photos whose answer the catalogue has; `answered` is the share above the threshold.
    """
    rows = [_row(one) for one in results if isinstance(one, Measured)]
    lines = _aligned([_HEAD, *rows]) if rows else []
    return lines + _uncalibrated(one for one in results if isinstance(one, Uncalibrated))


def _row(one: Measured[Scale] | Measured[Line]) -> tuple[str, ...]:
    fit = one.fit
    if isinstance(fit, Scale):
        threshold = "none is precise enough" if fit.threshold is None else f"{fit.threshold:.3f}"
        alpha = f", α {fit.alpha:g}" if one.question == "type" else ""
        said = (f"T {fit.temperature:.3f}{alpha}", threshold)
        answered = (_percent(one.given), _percent(one.precision))
    else:
        said, answered = (f"{fit.slope:.3f}, {fit.offset:+.3f}", "–"), ("–", "–")
    errors = (f"{one.error_before:.3f}", f"{one.error_after:.3f}")
    return (one.question, f"{one.photos:,}", *said, *errors, _percent(one.accuracy), *answered)


def _percent(share: float | None) -> str:
    return "–" if share is None else f"{share:.1%}"


def _aligned(rows: Sequence[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(_HEAD))]
    lines = [
        "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return [lines[0], rule, *lines[1:]]


def _uncalibrated(results: Iterable[Uncalibrated]) -> list[str]:
    by_reason: dict[str, list[str]] = {}
    for one in results:
        by_reason.setdefault(one.reason, []).append(one.question)
    return [f"uncalibrated: {', '.join(names)} ({reason})" for reason, names in by_reason.items()]
