"""The judgement of one environment: everything that its deployment changes, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from ops.diff.access import judge_access
from ops.diff.consequences import SEVERITIES, Consequence, Severity
from ops.diff.data import judge_data
from ops.diff.masking import masked, new_code
from ops.diff.rules import judge_properties, judge_serving
from ops.diff.settings import setting_changes
from ops.diff.templates import StackChange, compare

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ops.diff.assembly import Assembly, Asset

Verdict = Literal[
    "data loss",
    "weaker protection",
    "interruption",
    "resources change",
    "new code",
    "new environment",
    "no longer declared",
    "nothing changes",
]


@dataclass(frozen=True)
class Judgement:
    """What a deployment of one environment changes, by stack; the consequences begin with the most serious.

    `code` names the new code by its stack, `settings` what changes of goods, model and LLM.
    """

    environment: str
    verdict: Verdict
    consequences: tuple[Consequence, ...] = ()
    changes: Mapping[str, StackChange] = field(default_factory=dict)
    code: Mapping[str, tuple[Asset, ...]] = field(default_factory=dict)
    settings: tuple[str, ...] = ()
    new_stacks: tuple[str, ...] = ()
    gone_stacks: tuple[str, ...] = ()

    def of(self, severity: Severity) -> tuple[Consequence, ...]:
        """Return the consequences of one severity."""
        return tuple(one for one in self.consequences if one.severity == severity)


def judge(old: Mapping[str, Assembly], new: Mapping[str, Assembly]) -> list[Judgement]:
    """Return the judgement of each environment that deploys, by name.

    All templates are compared in one process. Raises UserError where that fails.
    """
    both = sorted(old.keys() & new.keys())
    pairs = {
        f"{name}/{stack}": (masked(old[name].stacks[stack]), masked(new[name].stacks[stack]))
        for name in both
        for stack in new[name].stacks
        if stack in old[name].stacks
    }
    found = compare(pairs)
    judged = {name: _judged(old[name], new[name], _of(name, found)) for name in both}
    judged |= {
        name: Judgement(name, "new environment", new_stacks=_with_resources(new[name]))
        for name in new.keys() - both
    }
    judged |= {
        name: Judgement(name, "no longer declared", gone_stacks=_with_resources(old[name]))
        for name in old.keys() - both
    }
    return [judged[name] for name in sorted(judged)]


def _of(environment: str, found: Mapping[str, StackChange]) -> dict[str, StackChange]:
    prefix = f"{environment}/"
    return {name.removeprefix(prefix): one for name, one in found.items() if name.startswith(prefix)}


def _judged(old: Assembly, new: Assembly, changes: Mapping[str, StackChange]) -> Judgement:
    found = [one for stack, change in changes.items() for one in _consequences(stack, change)]
    code = {
        stack: assets
        for stack, one in new.stacks.items()
        if stack in old.stacks and (assets := tuple(new_code(old.stacks[stack], one)))
    }
    settings = tuple(setting_changes(old.settings, new.settings))
    came = tuple(name for name in _with_resources(new) if name not in old.stacks)
    gone = tuple(name for name in _with_resources(old) if name not in new.stacks)
    ordered = tuple(one for severity in SEVERITIES for one in found if one.severity == severity)
    verdict: Verdict = "nothing changes"
    worst = ordered[0].severity if ordered else "note"
    if worst != "note":
        verdict = worst
    elif changes or came or gone:
        verdict = "resources change"
    elif code:
        verdict = "new code"
    return Judgement(new.environment, verdict, ordered, changes, code, settings, came, gone)


def _consequences(stack: str, change: StackChange) -> Iterator[Consequence]:
    for one in change.resources:
        found = [
            *judge_data(stack, one),
            *judge_properties(stack, one),
            *judge_serving(stack, one),
        ]
        # What is said of a version that rolls does not hold where the change is refused.
        interrupts = any(each.severity == "interruption" for each in found)
        yield from (each for each in found if not (interrupts and each.severity == "note"))
    yield from judge_access(stack, change)


def _with_resources(assembly: Assembly) -> tuple[str, ...]:
    return tuple(name for name, one in assembly.stacks.items() if one.template.get("Resources"))
