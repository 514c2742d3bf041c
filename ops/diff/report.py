"""The comparison as a whole: environments, costs and the API; what refuses it, and the same as data."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from ops.diff.costs import CostChange, cost_changes
from ops.diff.judge import Judgement, judge
from ops.diff.templates import GONE, REPLACED, ResourceChange
from ops.diff.values import differences

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from ops.diff.api.changes import ApiChange
    from ops.diff.assembly import Assembly

# What refuses a pull request, unless it has the label of the same name.
DATA_LOSS, BREAKING_API = LABELS = ("data-loss", "breaking-api")
_DONE = {
    "WILL_CREATE": "is new",
    "WILL_DESTROY": "is deleted",
    "WILL_ORPHAN": "leaves the stack and stays",
    "WILL_REPLACE": "is replaced",
    "MAY_REPLACE": "may be replaced",
}


@dataclass(frozen=True)
class Report:
    """What changes from one folder of assemblies to the other.

    `costs` is a sentence where they are not known, `api` None where no documents were compared. `allowed`
    are labels of LABELS. `judges_itself` says that the rules of the comparison change with it.
    """

    judgements: tuple[Judgement, ...]
    costs: Mapping[str, CostChange] | str
    api: tuple[ApiChange, ...] | None = None
    allowed: frozenset[str] = frozenset()
    judges_itself: bool = False

    @property
    def found(self) -> tuple[str, ...]:
        """The labels that this change needs."""
        loses = any(one.of("data loss") for one in self.judgements)
        breaks = any(one.breaking for one in self.api or ())
        return tuple(label for label, here in zip(LABELS, (loses, breaks), strict=True) if here)

    @property
    def refused(self) -> tuple[str, ...]:
        """The labels that this change needs and does not have."""
        return tuple(label for label in self.found if label not in self.allowed)

    def cost(self, environment: str) -> CostChange | None:
        """Return what an environment costs more; None where that is nothing, or not known."""
        one = None if isinstance(self.costs, str) else self.costs.get(environment)
        return None if one is None or one.is_nothing else one

    def is_nothing(self, one: Judgement) -> bool:
        """Say whether an environment stays as it is: its resources, its code, its settings, its costs."""
        return one.verdict == "nothing changes" and not one.settings and self.cost(one.environment) is None

    @property
    def is_empty(self) -> bool:
        """Whether nothing changes at all."""
        return not self.api and all(self.is_nothing(one) for one in self.judgements)


def compare_folders(
    old: Path,
    new: Path,
    assemblies: tuple[Mapping[str, Assembly], Mapping[str, Assembly]],
    api: tuple[ApiChange, ...] | None,
    allowed: frozenset[str],
) -> Report:
    """Return the report of two folders, whose assemblies have been read."""
    judgements = tuple(judge(*assemblies))
    changed = any(one.verdict not in ("nothing changes", "new code") or one.settings for one in judgements)
    return Report(judgements, cost_changes(old, new) if changed else {}, api, allowed)


def change_lines(one: Judgement) -> Iterator[str]:
    """Yield everything that changes of an environment, one line for each resource, the gravest first."""
    for stack in one.new_stacks:
        yield f"{stack}: the stack is new"
    for stack in one.gone_stacks:
        yield f"{stack}: the stack is declared no more; what is deployed of it stays, and goes on costing"
    # Of a stack that comes or goes as a whole, one line says everything.
    changed = {
        stack: each for stack, each in one.changes.items() if stack not in one.new_stacks + one.gone_stacks
    }
    changes = [(stack, each) for stack, change in changed.items() for each in change.resources]
    order = [*GONE, *REPLACED, "WILL_UPDATE", "WILL_CREATE"]
    for stack, each in sorted(
        changes, key=lambda pair: order.index(pair[1].impact) if pair[1].impact in order else 0
    ):
        yield f"{stack}/{each.id} ({each.type.removeprefix('AWS::')}) {_done(each)}"
    for stack, change in changed.items():
        for section in change.sections:
            name = f"{stack}: {section.section.removesuffix('s')} {section.name}"
            if section.old is None or section.new is None:
                yield f"{name} is {'new' if section.old is None else 'gone'}"
            else:
                yield f"{name} changes: {_few(list(differences(section.old, section.new)))}"


def _done(change: ResourceChange) -> str:
    text = _DONE.get(change.impact, "changes")
    if change.old is None or change.new is None:
        return text
    # The properties without their common prefix, then what stands beside them.
    old, new = (
        {**one, **one.get("Properties", {}), "Properties": None, "DependsOn": None}
        for one in (change.old, change.new)
    )
    found = list(differences(old, new))
    if not found and change.old.get("DependsOn") != change.new.get("DependsOn"):
        return f"{text} only in when it is made"
    return f"{text}: {_few(found)}" if found else f"{text} with what it refers to"


def _few(texts: list[str], most: int = 3) -> str:
    more = len(texts) - most
    return "; ".join(texts[:most]) + (f"; and {more} more" if more > 0 else "")


def as_data(report: Report) -> dict[str, Any]:
    """Return the report for programs; amounts are USD, unrounded."""
    return {
        "refused": list(report.refused),
        "judges_itself": report.judges_itself,
        "environments": [
            {
                "environment": one.environment,
                "verdict": one.verdict,
                "consequences": [asdict(each) for each in one.consequences],
                "code": {stack: [asdict(each) for each in assets] for stack, assets in one.code.items()},
                "settings": list(one.settings),
                "changes": list(change_lines(one)),
                "cost": _cost_data(report.cost(one.environment)),
            }
            for one in report.judgements
        ],
        "costs_unknown": report.costs if isinstance(report.costs, str) else None,
        "api": None if report.api is None else [asdict(one) for one in report.api],
    }


def _cost_data(cost: CostChange | None) -> dict[str, Any] | None:
    if cost is None:
        return None
    return {
        "idle_usd_month_change": cost.idle,
        "usd_per_1000_reports_change": cost.per_1000,
        "usd_month_before": cost.month_before,
        "usd_month_after": cost.month_after,
        "reports_month": cost.reports,
        "lines": [{"what": what, "usd_month_change": usd} for what, usd in cost.lines],
    }
