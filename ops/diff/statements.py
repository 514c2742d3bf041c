"""The IAM statements of a template, wherever they stand: on an identity, on a resource, in a role's trust."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.diff.values import is_intrinsic, texts

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_IDENTITIES = ("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group", "AWS::SSO::PermissionSet")
_IDENTITY_POLICY = re.compile(r"AWS::IAM::(Managed|Role|User|Group|)Policy$")
# Where a policy of identities names them.
_HOLDERS = ("Roles", "Users", "Groups", "RoleName", "UserName", "GroupName")
# Where a policy of a resource names that; others stand within their resource.
_TARGETS = (
    *("Bucket", "Queues", "Queue", "Topics", "TopicArn", "SecretId", "ResourceArn", "FunctionName"),
    *("LayerVersionArn", "EventBusName"),
)
# How a property is named that is a policy document, or several.
_DOCUMENT = re.compile(r"(PolicyDocument|PolicyText|KeyPolicy|ResourcePolicy|InlinePolicy|Policies|^Policy)$")
# Properties of a permission of Lambda, which is a statement by itself, and the key that each compares.
_LAMBDA_CONDITIONS = {
    "SourceArn": "aws:SourceArn",
    "SourceAccount": "aws:SourceAccount",
    "EventSourceToken": "lambda:EventSourceToken",
    "FunctionUrlAuthType": "lambda:FunctionUrlAuthType",
    "PrincipalOrgID": "aws:PrincipalOrgID",
    "OrganizationId": "aws:PrincipalOrgID",
}


@dataclass(frozen=True)
class Targets:
    """What a statement is about: the values, or everything else where they are `inverted`."""

    values: tuple[str, ...]
    inverted: bool = False


@dataclass(frozen=True)
class Statement:
    """An IAM statement, with intrinsic functions as text: ${Role.Arn}; `holder` is the resource that has it.

    One `on_resource` says who may use that; the others belong to an identity. Of a computed statement, only
    the text is known, `unread`.
    """

    holder: str
    on_resource: bool
    effect: str
    actions: Targets
    resources: Targets
    principals: Targets
    condition: str = ""
    unread: str | None = None


def statements(name: str, resource: Mapping[str, Any] | None) -> list[Statement]:
    """Return the statements of a resource by its logical id; a rewritten Sid makes no other statement."""
    properties = (resource or {}).get("Properties")
    # The policy of an endpoint takes away, and gives nothing.
    if resource is None or not isinstance(properties, dict) or resource["Type"] == "AWS::EC2::VPCEndpoint":
        return []
    return list(dict.fromkeys(_statements(name, resource["Type"], properties)))


def _statements(name: str, kind: str, properties: Mapping[str, Any]) -> Iterator[Statement]:
    if "Principal" in properties and "Action" in properties:
        given = {key: properties[one] for one, key in _LAMBDA_CONDITIONS.items() if one in properties}
        condition = properties.get("Condition") or ({"StringLike": given} if given else {})
        whole = {**properties, "Effect": "Allow", "Condition": condition, "Resource": "*"}
        whole["Principal"] = _as_principal(properties["Principal"])
        yield _statement(name, whole, _targets(name, properties), None)
        return
    for key, value in properties.items():
        identity = _identity(name, kind, key, properties)
        for one in _declared(value, key):
            yield _statement(name, one, _targets(name, properties), identity)


def _identity(name: str, kind: str, key: str, properties: Mapping[str, Any]) -> tuple[str, ...] | None:
    """Return the identities that a property's statements belong to; None where they stand on a resource."""
    if kind in _IDENTITIES and "AssumeRole" not in key:
        return (f"${{{name}}}",)
    if _IDENTITY_POLICY.match(kind):
        return tuple(one for each in _HOLDERS for one in texts(properties.get(each))) or (f"${{{name}}}",)
    return None


def _targets(name: str, properties: Mapping[str, Any]) -> tuple[str, ...]:
    found = (texts(properties[key]) for key in _TARGETS if key in properties)
    return tuple(next(found, ())) or (f"${{{name}.Arn}}",)


def _declared(value: Any, key: str) -> Iterator[Any]:
    """Yield the statements within a property by its name; of what is computed, its text."""
    if isinstance(value, list):
        for one in value:
            yield from _declared(one, key)
    elif isinstance(value, dict) and "Fn::If" in value:
        yield from _declared(value["Fn::If"][1:], key)
    elif isinstance(value, str) or is_intrinsic(value):
        text = value if isinstance(value, str) else "".join(texts(value))
        if '"Statement"' in text:
            try:
                yield from _declared(json.loads(text), key)
            except ValueError:
                yield text
        elif text and is_intrinsic(value) and _DOCUMENT.search(key):
            yield text
    elif isinstance(value, dict):
        if "Statement" in value:
            yield from _within(value["Statement"])
        elif "Effect" in value:
            yield value
        else:
            for name, one in value.items():
                yield from _declared(one, name)


def _within(value: Any) -> Iterator[Any]:
    if isinstance(value, list):
        for one in value:
            yield from _within(one)
    elif isinstance(value, dict) and "Fn::If" in value:
        yield from _within(value["Fn::If"][1:])
    elif isinstance(value, dict) and "Effect" in value:
        yield value
    elif is_intrinsic(value):
        # Nothing, or what is not known before the deployment.
        yield from texts(value)


def _statement(name: str, one: Any, targets: tuple[str, ...], identity: tuple[str, ...] | None) -> Statement:
    nothing = Targets(())
    if not isinstance(one, dict):
        return Statement(name, identity is None, "", nothing, nothing, nothing, unread=one)
    resources = _named(one, "Resource")
    if identity is None and not resources.inverted and set(resources.values) <= {"*"}:
        resources = Targets(targets)
    principals = _named(one, "Principal") if identity is None else Targets(identity)
    condition = json.dumps(_rendered(one["Condition"]), sort_keys=True) if one.get("Condition") else ""
    effect = "".join(texts(one["Effect"]))
    return Statement(name, identity is None, effect, _named(one, "Action"), resources, principals, condition)


def _named(one: Mapping[str, Any], key: str) -> Targets:
    inverted = f"Not{key}" in one
    value = one.get(f"Not{key}" if inverted else key)
    if isinstance(value, dict) and not is_intrinsic(value):
        found = [f"{kind}:{text}" for kind, each in value.items() for text in texts(each)]
    else:
        found = texts(value)
    return Targets(tuple(sorted(set(found))), inverted)


def _as_principal(value: Any) -> Any:
    """Return Lambda's spelling of a principal as that of a statement."""
    text = "".join(texts(value))
    if text == "*":
        return text
    return {"Service" if re.match(r"[a-z0-9.-]+\.amazonaws\.com", text) else "AWS": text}


def _rendered(value: Any) -> Any:
    if isinstance(value, dict) and not is_intrinsic(value):
        return {key: _rendered(one) for key, one in value.items()}
    return sorted(texts(value))
