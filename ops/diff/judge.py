"""The judgement of one environment: everything that its deployment changes, and the verdict."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal, TypeVar

from ops.diff.access import judge_access
from ops.diff.alarms import judge_alarms
from ops.diff.consequences import SEVERITIES, Consequence, Severity
from ops.diff.data import judge_data, judge_left
from ops.diff.exports import judge_exports, judge_imports, judge_moved_exports, links
from ops.diff.indexes import judge_indexes
from ops.diff.masking import masked, new_code
from ops.diff.network import judge_network
from ops.diff.ordering import judge_order, judge_stack_order, stack_order
from ops.diff.renames import renames, under_new_ids
from ops.diff.rules import judge_properties, judge_serving
from ops.diff.settings import setting_changes
from ops.diff.singles import judge_singles
from ops.diff.templates import StackChange, compare
from ops.diff.together import judge_together
from ops.diff.values import plain, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ops.diff.assembly import Assembly, Asset, Stack, Template
    from ops.diff.templates import ResourceChange

# What a resource reads, is told by, names, or leads out of.
_SOURCES = ("EventSourceArn", "TopicArn", "Value", "RouteTableId", "VpcId")
_Value = TypeVar("_Value")
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

    All templates are compared in one process; one that only a side has, with an empty one. Raises UserError
    where that fails.
    """
    names = sorted(old.keys() | new.keys())
    pairs = {
        f"{name}/{stack}": _pair(_stacks(old.get(name)).get(stack), _stacks(new.get(name)).get(stack))
        for name in names
        for stack in dict.fromkeys([*_stacks(new.get(name)), *_stacks(old.get(name))])
    }
    found = compare(pairs)
    return [
        _judged(
            name,
            old.get(name),
            new.get(name),
            _of(name, found),
            list(_refused(old.get(name), new.get(name), _of(name, pairs), _of(name, found))),
        )
        for name in names
    ]


def _stacks(assembly: Assembly | None) -> Mapping[str, Stack]:
    return {} if assembly is None else assembly.stacks


def _pair(old: Stack | None, new: Stack | None) -> tuple[Template, Template]:
    before = {} if old is None else masked(old)
    if old == new:
        return before, before
    return before, {} if new is None else masked(new)


def _of(environment: str, found: Mapping[str, _Value]) -> dict[str, _Value]:
    prefix = f"{environment}/"
    return {name.removeprefix(prefix): one for name, one in found.items() if name.startswith(prefix)}


def _refused(
    old: Assembly | None,
    new: Assembly | None,
    pairs: Mapping[str, tuple[Template, Template]],
    changes: Mapping[str, StackChange],
) -> Iterator[Consequence]:
    """Yield what CloudFormation or a service refuses, or may refuse, by all stacks of an environment."""
    before = {stack: template for stack, (template, _) in pairs.items()}
    # No deployment changes a stack that is declared no more.
    after = {stack: template for stack, (_, template) in pairs.items() if stack in _stacks(new)}
    linked = {stack: links(template) for stack, template in before.items()}
    links_now = {
        stack: links(template) if stack in changes else linked[stack] for stack, template in after.items()
    }
    depends = [{stack: one.depends for stack, one in _stacks(side).items()} for side in (old, new)]
    order = stack_order(links_now, depends[1])
    yield from judge_exports(linked, links_now, changes, order)
    yield from judge_moved_exports(linked, links_now, order)
    yield from judge_imports(linked, links_now, order)
    yield from judge_singles(changes, order, before.keys() - after.keys())
    changed = [stack for stack in after if stack in changes]
    for stack in changed:
        yield from judge_order(stack, changes[stack], after[stack])
    deployed = [stack for stack in changed if before[stack].get("Resources")]
    yield from judge_stack_order(linked, depends[0], order, deployed)
    renamed = {former for change in changes.values() for former in renames(change)}
    yield from judge_together(before, after, changes, renamed)


def _judged(
    name: str,
    old: Assembly | None,
    new: Assembly | None,
    changes: Mapping[str, StackChange],
    refused: list[Consequence],
) -> Judgement:
    before, after = _stacks(old), _stacks(new)
    kept = _with_resources(after)
    gone = tuple(one for one in _with_resources(before) if one not in after)
    came = tuple(one for one in kept if one not in before)
    found = refused + [
        one
        for stack, change in changes.items()
        for one in (
            _left(stack, change)
            if stack in gone
            else _consequences(stack, change, before.get(stack), after.get(stack))
        )
    ]
    code = {
        stack: assets
        for stack, one in after.items()
        if stack in before and (assets := tuple(new_code(before[stack], one)))
    }
    ordered = tuple(one for severity in SEVERITIES for one in found if one.severity == severity)
    worst = ordered[0].severity if ordered else "note"
    verdict: Verdict = "nothing changes"
    if old is None:
        # What a new environment lets through is told, but nothing has been protected better there.
        verdict = "new environment"
    elif worst != "note":
        verdict = worst
    elif new is None:
        verdict = "no longer declared"
    elif changes:
        verdict = "resources change"
    elif code:
        verdict = "new code"
    settings = () if old is None or new is None else tuple(setting_changes(old.settings, new.settings))
    return Judgement(name, verdict, ordered, changes, code, settings, came, gone)


def _left(stack: str, change: StackChange) -> Iterator[Consequence]:
    for one in change.resources:
        yield from judge_left(stack, one)


def _consequences(
    stack: str, change: StackChange, old: Stack | None, new: Stack | None
) -> Iterator[Consequence]:
    renamed = renames(change)
    gone = {one.id for one in change.resources if one.new is None}
    same = under_new_ids(change, renamed)
    otherwise = {one.id: one for one in same.resources}
    before, after = ({} if one is None else one.template for one in (old, new))
    is_emptied = not after.get("Resources")
    for one in change.resources:
        found = list(judge_data(stack, one, renamed.get(one.id)))
        if (changed := otherwise.get(one.id)) is not None:
            found += judge_indexes(stack, changed)
            found += judge_properties(stack, changed, goes_along=is_emptied or _reads(one, gone))
            found += judge_serving(stack, one)
        # What is said of a version that rolls does not hold where the change is refused.
        interrupts = any(each.severity == "interruption" for each in found)
        yield from (each for each in found if not (interrupts and each.severity == "note"))
    yield from judge_alarms(stack, change, renamed)
    yield from judge_access(stack, same)
    yield from judge_network(stack, change, before, after)


def _reads(one: ResourceChange, gone: set[str]) -> bool:
    """Say whether a resource reads, is told by, names, or leads out of one of those that are gone."""
    properties = (one.old or {}).get("Properties") or {}
    sources = [text for key in _SOURCES for text in texts(properties.get(key))]
    return any(plain(text).partition(".")[0] in gone for text in sources)


def _with_resources(stacks: Mapping[str, Stack]) -> tuple[str, ...]:
    return tuple(name for name, one in stacks.items() if one.template.get("Resources"))
