"""Values that one stack exports and another imports: what CloudFormation refuses, by the order of stacks."""

from __future__ import annotations

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


def judge_exports(
    old: Mapping[str, Template],
    new: Mapping[str, Template],
    changes: Mapping[str, StackChange],
    order: Order,
) -> Iterator[Consequence]:
    """Yield the exports whose removal or change is refused, by the templates of an environment's stacks.

    The deployed stack still has its import, also where its new template has none. It goes first only where
    what exports is deployed after it now.
    """
    importers = {stack: set(imports(template)) for stack, template in old.items()}
    for stack in [one for one in old if one in new]:
        after = exports(new[stack])
        resources = changes[stack].resources if stack in changes else ()
        for name, value in exports(old[stack]).items():
            same = name in after and texts(after[name]) == texts(value)
            if same and not any(_is_renewed(one, text) for one in resources for text in _plain(value)):
                continue
            held = sorted(
                one for one, names in importers.items() if name in names and not order.is_before(one, stack)
            )
            if held:
                what, remedy = ("changes", _CHANGED) if name in after else ("is gone", _GONE)
                still = f"{' and '.join(held)} still import{'s' if len(held) == 1 else ''} it"
                where = subject(stack, f"{', '.join(_plain(value))} (export)")
                yield Consequence(
                    "interruption", where, f"{what}: CloudFormation refuses, as {still}", remedy
                )


def judge_imports(
    old: Mapping[str, Template], new: Mapping[str, Template], order: Order
) -> Iterator[Consequence]:
    """Yield what a stack newly imports and may not find, as it is exported by nobody, or only later."""
    before = {name for template in old.values() for name in exports(template)}
    exporters = {name: stack for stack, template in new.items() for name in exports(template)}
    for stack, template in new.items():
        for name in dict.fromkeys(imports(template)):
            exporter = exporters.get(name)
            if name in (before if exporter else set(imports(old.get(stack, {})))):
                continue
            where = subject(stack, f"{plain(f'${{{name}}}')} (import)")
            refused = "CloudFormation refuses the import, as"
            if exporter is None:
                happens = f"{refused} no stack of the environment exports it"
                yield Consequence("interruption", where, happens, "Import what is exported.")
            elif not order.is_before(exporter, stack) or order.is_before(stack, exporter):
                happens = f"{refused} {exporter}, which newly exports it, may be deployed later"
                yield Consequence("interruption", where, happens, _FIRST)


def exports(template: Template) -> dict[str, Any]:
    """Return the values that a stack exports, by their names."""
    found = template.get("Outputs")
    outputs = found.values() if isinstance(found, dict) else ()
    return {
        "".join(texts(one["Export"].get("Name"))): one.get("Value")
        for one in outputs
        if isinstance(one, dict) and isinstance(one.get("Export"), dict)
    }


def imports(value: Any) -> Iterator[str]:
    """Yield the names that a template, or a part of one, imports."""
    if isinstance(value, dict):
        for key, one in value.items():
            if key == "Fn::ImportValue":
                yield "".join(texts(one))
            else:
                yield from imports(one)
    elif isinstance(value, list):
        for one in value:
            yield from imports(one)


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
