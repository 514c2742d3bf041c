"""The sentences that the text for a terminal and the comment have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ops.diff.costs import CostChange, signed
from ops.diff.report import BREAKING_API, DATA_LOSS

if TYPE_CHECKING:
    from ops.diff.judge import Judgement
    from ops.diff.report import Report

_WHAT = {DATA_LOSS: "data would be lost", BREAKING_API: "the API breaks its clients"}


def verdict(report: Report) -> str:
    """Return what the whole comparison comes to, in a sentence or two."""
    if report.refused:
        what = " and ".join(_WHAT[label] for label in report.refused)
        labels = " and ".join(f"`{label}`" for label in report.refused)
        return (
            f"Refused: {what}. If that is meant, label the pull request {labels} and run the job again "
            f"(`--allow {' --allow '.join(report.refused)}`)."
        )
    if report.found:
        return f"Allowed by label: {' and '.join(_WHAT[label] for label in report.found)}."
    if report.is_empty:
        return f"Nothing changes in {' and '.join(one.environment for one in report.judgements)}."
    return "No data is lost, and the API breaks no client." if report.api is not None else "No data is lost."


def code(one: Judgement) -> str:
    """Return which code and images of an environment are new; an empty text where none is."""
    kinds = (("code", "New code"), ("image", "New image"))
    found = {
        title: [
            f"{stack}/{each.name}"
            for stack, assets in one.code.items()
            for each in assets
            if each.kind == kind
        ]
        for kind, title in kinds
    }
    return " ".join(f"{title}: {', '.join(names)}." for title, names in found.items() if names)


def cost(change: CostChange | None) -> str:
    """Return what an environment costs more, in a sentence; an empty text where that is nothing."""
    if change is None:
        return ""
    return (
        f"Costs: {signed(change.idle)} USD a month without a request, {signed(change.per_1000, 3)} USD for "
        f"1,000 reports; with {change.reports:,.0f} reports a month {change.month_before:.2f} → "
        f"{change.month_after:.2f} USD."
    )


def counted(number: int, what: str) -> str:
    """Return a number with its noun, as in "1 resource" and "2 resources"."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"
