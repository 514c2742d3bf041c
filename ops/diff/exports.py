"""Values that one stack exports and another imports: what CloudFormation refuses, by the order of stacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.diff.consequences import Consequence, subject
from ops.diff.values import plain, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ops.diff.assembly import Template
    from ops.diff.ordering import Order
    from ops.diff.templates import ResourceChange, StackChange

_GONE = "Keep the export for one deployment (`export_value`), and remove it in the next."
_CHANGED = "Export the new value beside it, and remove the former export in the next deployment."
_FIRST = "Refer to the other stack's resource, or name the order by `add_stack_dependency`."
# Attributes that get another value without a replacement, and what changes them.
_RENEWED = {"StreamArn": "StreamSpecification"}


@dataclass(frozen=True)
class Links:
    """What a stack exports, the values by their names, and the names that it imports."""

    exports: Mapping[str, Any]
    imports: frozenset[str]


def links(template: Template) -> Links:
    """Return what a template exports and imports."""
    found = template.get("Outputs")
    outputs = found.values() if isinstance(found, dict) else ()
    exports = {
        "".join(texts(one["Export"].get("Name"))): one.get("Value")
        for one in outputs
        if isinstance(one, dict) and isinstance(one.get("Export"), dict)
    }
    return Links(exports, frozenset(_imports(template)))


def judge_exports(
    old: Mapping[str, Links], new: Mapping[str, Links], changes: Mapping[str, StackChange], order: Order
) -> Iterator[Consequence]:
    """Yield the exports whose removal or change is refused, by the stacks of an environment.

    The deployed stack still has its import, also where its new template has none. It goes first only where
    what exports is deployed after it now.
    """
    for stack in [one for one in old if one in new]:
        after = new[stack].exports
        resources = changes[stack].resources if stack in changes else ()
        for name, value in old[stack].exports.items():
            same = name in after and texts(after[name]) == texts(value)
            if same and not any(_is_renewed(one, text) for one in resources for text in _plain(value)):
                continue
            held = sorted(
                one for one, each in old.items() if name in each.imports and not order.is_before(one, stack)
            )
            if held:
                what, remedy = ("changes", _CHANGED) if name in after else ("is gone", _GONE)
                still = f"{' and '.join(held)} still import{'s' if len(held) == 1 else ''} it"
                where = subject(stack, f"{', '.join(_plain(value))} (export)")
                yield Consequence(
                    "interruption", where, f"{what}: CloudFormation refuses, as {still}", remedy
                )


def judge_moved_exports(
    old: Mapping[str, Links], new: Mapping[str, Links], order: Order
) -> Iterator[Consequence]:
    """Yield the exports that a stack gets while another one still has theirs: a region has one of a name."""
    for stack, one in new.items():
        so_far = old[stack].exports if stack in old else {}
        for name in sorted(one.exports.keys() - so_far.keys()):
            for other in sorted(each for each in old if each != stack and name in old[each].exports):
                stays = other not in new or name in new[other].exports
                if stays or not order.is_only_before(other, stack):
                    until = "has one of that name" if stays else "may still have one of that name"
                    yield Consequence(
                        "interruption",
                        subject(stack, f"{plain(f'${{{name}}}')} (export)"),
                        f"CloudFormation refuses the export, as {other} {until}",
                        "Export it by another name.",
                    )


def judge_imports(old: Mapping[str, Links], new: Mapping[str, Links], order: Order) -> Iterator[Consequence]:
    """Yield what a stack newly imports and may not find: no stack exports it, or only a later one."""
    before = {name for one in old.values() for name in one.exports}
    exporters = {name: stack for stack, one in new.items() for name in one.exports}
    for stack, one in new.items():
        so_far = old[stack].imports if stack in old else frozenset()
        for name in sorted(one.imports - so_far):
            exporter = exporters.get(name)
            where = subject(stack, f"{plain(f'${{{name}}}')} (import)")
            refused = "CloudFormation refuses the import, as"
            if exporter is None:
                happens = f"{refused} no stack of the environment exports it"
                yield Consequence(
                    "interruption",
                    where,
                    happens,
                    "Import what is exported, here or by another app that is deployed.",
                )
            elif name not in before and not order.is_only_before(exporter, stack):
                happens = f"{refused} {exporter}, which newly exports it, may be deployed later"
                yield Consequence("interruption", where, happens, _FIRST)


def _imports(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            if key == "Fn::ImportValue":
                yield "".join(texts(one))
            else:
                yield from _imports(one)
    elif isinstance(value, list):
        for one in value:
            yield from _imports(one)


def _is_renewed(change: ResourceChange, text: str) -> bool:
    """Say whether an export's text, as in Reports.StreamArn, gets another value with a resource's change."""
    name, _, attribute = text.partition(".")
    if name != change.id:
        return False
    key = _RENEWED.get(attribute)
    sides = [((one or {}).get("Properties") or {}).get(key) for one in (change.old, change.new)]
    return change.impact == "WILL_REPLACE" or (key is not None and sides[0] != sides[1])


def _plain(value: Any) -> list[str]:
    return [plain(text) for text in texts(value)]
