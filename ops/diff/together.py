"""What resources must agree on with others that may not change: each change may be right by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ops.diff.consequences import Consequence, subject
from ops.diff.values import plain, texts

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from ops.diff.assembly import Template
    from ops.diff.templates import StackChange

# What a queue and a function have without a word, in seconds.
_VISIBILITY_S, _TIMEOUT_S = 30, 3
_TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
_SCALES = (_TARGET, "AWS::ApplicationAutoScaling::ScalingPolicy")


def judge_together(
    old: Mapping[str, Template],
    new: Mapping[str, Template],
    changes: Mapping[str, StackChange],
    renamed: Collection[str],
) -> Iterator[Consequence]:
    """Yield what does not fit together any more, by the templates of an environment's stacks.

    `renamed` are former ids of what is only renamed.
    """
    for stack in [one for one in new if one in changes]:
        yield from _seen_twice(stack, old.get(stack, {}), new[stack])
        yield from _unlimited(stack, changes[stack], new)
        yield from _unscaled(stack, changes[stack], new[stack], renamed)


def _seen_twice(stack: str, old: Template, new: Template) -> Iterator[Consequence]:
    """Yield the queues whose messages are visible again before a function may be done with them."""
    before = _hurried(old)
    for (queue, function), (visible, allowed) in _hurried(new).items():
        if (queue, function) not in before:
            happens = (
                f"a message is seen again after {visible:g} s, while {function} may take {allowed:g} s for it"
            )
            remedy = "Keep the visibility timeout above that; AWS recommends six times as much."
            yield Consequence("interruption", subject(stack, queue, "AWS::SQS::Queue"), happens, remedy)


def _hurried(template: Template) -> dict[tuple[str, str], tuple[float, float]]:
    found = {}
    for mapping in _of_type(template, "AWS::Lambda::EventSourceMapping").values():
        queue, function = _referred(mapping.get("EventSourceArn")), _referred(mapping.get("FunctionName"))
        queues, functions = (_of_type(template, one) for one in ("AWS::SQS::Queue", "AWS::Lambda::Function"))
        if queue in queues and function in functions:
            visible = _number(queues[queue].get("VisibilityTimeout"), _VISIBILITY_S)
            allowed = _number(functions[function].get("Timeout"), _TIMEOUT_S)
            if visible < allowed:
                found[queue, function] = visible, allowed
    return found


def _unlimited(stack: str, change: StackChange, new: Mapping[str, Template]) -> Iterator[Consequence]:
    """Yield the stages that have a limit of a route no more, though the route is still there."""
    routes = {
        one.get("RouteKey")
        for template in new.values()
        for one in _of_type(template, "AWS::ApiGatewayV2::Route").values()
    }
    for one in change.resources:
        if one.type == "AWS::ApiGatewayV2::Stage" and one.old is not None and one.new is not None:
            before, after = (
                side.get("Properties", {}).get("RouteSettings") or {} for side in (one.old, one.new)
            )
            lost = [route for route in before if route not in after and route in routes]
            if lost:
                happens = f"{', '.join(lost)}: requests are limited by the stage's default alone"
                where = subject(stack, one.id, one.type)
                yield Consequence("weaker protection", where, happens, "Keep `[throttle]`.")


def _unscaled(
    stack: str, change: StackChange, new: Template, renamed: Collection[str]
) -> Iterator[Consequence]:
    """Yield what scales something no more that stays, and may even stay at nothing."""
    targets, resources = _of_type(new, _TARGET), new.get("Resources") or {}
    created = [one.new.get("Properties") or {} for one in change.resources if one.old is None and one.new]
    followed = {_referred(one.get("ScalingTargetId")) for one in created}
    for one in change.resources:
        if one.type not in _SCALES or one.old is None or one.new is not None or one.id in renamed:
            continue
        where, properties = subject(stack, one.id, one.type), one.old.get("Properties") or {}
        target = _referred(properties.get("ScalingTargetId"))
        if target in targets.keys() - followed and _number(targets[target].get("MinCapacity"), 1) == 0:
            happens = f"is deleted: {target}, which may be at 0, is scaled by it no more"
            yield Consequence("interruption", where, happens, "Keep it, or keep at least one.")
        elif one.type == _TARGET and _stays(properties.get("ResourceId"), resources):
            happens = "is deleted: what it scales keeps its number, whatever is asked of it"
            yield Consequence("note", where, happens, "See that this number is enough for the busiest hour.")


def _stays(named: Any, resources: Mapping[str, Any]) -> bool:
    """Say whether something that stays is named, by a reference or by its own name."""
    text = "".join(texts(named))
    names = {name for one in resources.values() for name in texts(_properties(one).get("EndpointName"))}
    return any(f"${{{name}" in text for name in resources) or any(f"/{name}/" in text for name in names)


def _of_type(template: Template, kind: str) -> dict[str, Mapping[str, Any]]:
    resources = template.get("Resources") or {}
    return {name: _properties(one) for name, one in resources.items() if one["Type"] == kind}


def _properties(resource: Mapping[str, Any]) -> Mapping[str, Any]:
    return resource.get("Properties") or {}


def _referred(value: Any) -> str:
    """Return the id of the resource that a value refers to, or its text."""
    return plain("".join(texts(value))).partition(".")[0]


def _number(value: Any, absent: float) -> float:
    try:
        return absent if value is None else float(value)
    except (TypeError, ValueError):
        return absent
