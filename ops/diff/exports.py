"""Exports that a deployed stack still imports: CloudFormation neither deletes nor changes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.diff.consequences import Consequence, subject
from ops.diff.values import plain, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from ops.diff.assembly import Template
    from ops.diff.templates import StackChange

_GONE = "Keep the export for one deployment (`export_value`), and remove it in the next."
_CHANGED = "Export the new value beside it, and remove the former export in the next deployment."


def judge_exports(
    old: Mapping[str, Template], new: Mapping[str, Template], changes: Mapping[str, StackChange]
) -> Iterator[Consequence]:
    """Yield the exports whose removal or change is refused, by the templates of an environment's stacks.

    The CDK deploys what exports before what imports, so that the deployed stack still has its import, also
    where its new template has none. It goes first only where what exports depends on it now.
    """
    importers = {stack: set(_imports(template)) for stack, template in old.items()}
    for stack in old.keys() & new.keys():
        after = _exports(new[stack])
        replaced = (
            {one.id for one in changes[stack].resources if one.impact == "WILL_REPLACE"}
            if (stack in changes)
            else set()
        )
        for name, value in _exports(old[stack]).items():
            same = name in after and texts(after[name]) == texts(value)
            if same and not any(one.partition(".")[0] in replaced for one in _plain(value)):
                continue
            held = sorted(
                one for one, names in importers.items() if name in names and not _depends(new, stack, one)
            )
            if held:
                what, remedy = ("changes", _CHANGED) if name in after else ("is gone", _GONE)
                still = f"{' and '.join(held)} still import{'s' if len(held) == 1 else ''} it"
                where = subject(stack, f"{', '.join(_plain(value))} (export)")
                yield Consequence(
                    "interruption", where, f"{what}: CloudFormation refuses, as {still}", remedy
                )


def _plain(value: Any) -> list[str]:
    return [plain(text) for text in texts(value)]


def _exports(template: Template) -> dict[str, Any]:
    """Return the values that a stack exports, by their names."""
    found = template.get("Outputs")
    outputs = found.values() if isinstance(found, dict) else ()
    return {
        "".join(texts(one["Export"].get("Name"))): one.get("Value")
        for one in outputs
        if isinstance(one, dict) and isinstance(one.get("Export"), dict)
    }


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


def _depends(templates: Mapping[str, Template], stack: str, on: str) -> bool:
    """Say whether a stack imports from another, itself or by what it imports from."""
    exporters = {name: one for one, template in templates.items() for name in _exports(template)}
    seen, left = {stack}, [stack]
    while left:
        found = {exporters[name] for name in _imports(templates.get(left.pop(), {})) if name in exporters}
        left += found - seen
        seen |= found
    return on in seen - {stack}
