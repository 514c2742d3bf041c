"""How values of templates are shown and told apart."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# A longer value is left out as a whole: a part of it would mislead.
_LONGEST = 72
# Names of variables whose values are never shown.
_SECRET = re.compile(r"(KEY|SECRET|TOKEN|PASSWORD)$")
# How the CDK names what a stack exports of a resource: by its id, which ends with a hash unless it is
# overridden, by an attribute, and by a hash of both.
_EXPORT = re.compile(
    r"(?<![\w-])([\w-]+):ExportsOutput"
    r"(?:Ref(\w+)|FnGetAtt(\w+?)((?<=[0-9A-F]{8})[A-Z][a-z]\w*|Arn|Name|GroupId))[0-9A-F]{8}\b"
)
# Eight digits of a hash tell two apart.
_HASH = re.compile(r"\b([0-9a-f]{8})[0-9a-f]{56}\b")
_E_MAIL = re.compile(r"[^\s@:/\"]+@[^\s@:/\"]+\.[^\s@:/\"]+")


def shown(value: Any) -> str:
    """Return a value in one short line: a name for a reference, … for what is longer, no e-mail address."""
    match value:
        case None | []:
            return "none"
        case str():
            text = " ".join(value.split())
        case {"Fn::If": _}:
            text = json.dumps(value, ensure_ascii=False)
        case dict() if is_intrinsic(value):
            text = plain("".join(texts(value)))
        case list() if any(is_intrinsic(one) for one in value):
            text = ", ".join(plain(one) for one in texts(value))
        case _:
            text = json.dumps(value, ensure_ascii=False)
    text = _HASH.sub(r"\1…", _E_MAIL.sub("(e-mail)", text))
    return text if len(text) <= _LONGEST else "…"


def plain(text: str) -> str:
    """Return a text of statements without the marks of what is computed: Role.Arn for AWS:${Role.Arn}.

    What another stack exports is named by that: storage/Reports65402A0A.Arn.
    """
    text = re.sub(r"\$\{([^}]+)\}", r"\1", text).removeprefix("AWS:").removeprefix("Service:")
    return _EXPORT.sub(_exported, text)


def _exported(found: re.Match[str]) -> str:
    stack, whole, name, attribute = found.groups()
    return f"{stack.rpartition('-')[2]}/{whole or f'{name}.{attribute}'}"


def differences(old: Any, new: Any, path: str = "") -> Iterator[str]:
    """Yield where two values differ, as in `Environment.LEVEL: 3 → 4`; of a secret only that it does."""
    if old == new:
        return
    old, new = by_name(old), by_name(new)
    if isinstance(old, dict) and isinstance(new, dict) and not is_intrinsic(old) and not is_intrinsic(new):
        for key in dict.fromkeys([*old, *new]):
            yield from differences(old.get(key), new.get(key), f"{path}.{key}" if path else key)
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for place, (before, after) in enumerate(zip(old, new, strict=True)):
            yield from differences(before, after, f"{path}.{place}")
    else:
        before, after = shown(old), shown(new)
        secret = any(_SECRET.search(part) for part in path.split("."))
        hidden = secret or (before, after) == ("…", "…")
        yield f"{path} changes" if hidden else f"{path}: {before} → {after}"


def by_name(value: Any) -> Any:
    """Return a list of named values, as a container's variables, by their names; others as they are."""
    for name in ("Name", "Key"):
        if (
            isinstance(value, list)
            and value
            and all(isinstance(one, dict) and set(one) == {name, "Value"} for one in value)
        ):
            return {one[name]: one["Value"] for one in value}
    return value


def is_intrinsic(value: Any) -> bool:
    """Say whether a value is one of CloudFormation's functions, computed at the deployment."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))


def is_same(one: Any, other: Any) -> bool:
    """Say whether two values come to the same: written by another function, or a list in another order.

    Only for properties whose order means nothing, as groups, subnets, dimensions and statements.
    """
    return bool(_form(one) == _form(other))


def _form(value: Any) -> Any:
    match value:
        case {"Fn::If": [condition, *branches]}:
            return condition, [_form(one) for one in branches]
        case dict() if is_intrinsic(value):
            return "".join(texts(value))
        case dict():
            return {key: _form(one) for key, one in value.items()}
        case list():
            return sorted((_form(one) for one in value), key=repr)
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
    return value


def texts(value: Any) -> list[str]:
    """Return a value of a template as text, each of a list by itself, with what is computed as ${Name}.

    Both branches of a condition are given; AWS::NoValue is nothing.
    """
    match value:
        case None | {"Ref": "AWS::NoValue"}:
            return []
        case list():
            return [text for one in value for text in texts(one)]
        case {"Ref": str(name)}:
            return [f"${{{name}}}"]
        case {"Fn::GetAtt": [str(name), attribute]}:
            return [f"${{{name}.{''.join(texts(attribute))}}}"]
        case {"Fn::GetAtt": str(name)}:
            return [f"${{{name}}}"]
        case {"Fn::Sub": str() | [str(), dict()] as template}:
            return [_substituted(template)]
        case {"Fn::ImportValue": name}:
            return [f"${{{''.join(texts(name))}}}"]
        case {"Fn::Join": [str(separator), list(parts)]}:
            return [separator.join(text for one in parts for text in texts(one))]
        case {"Fn::If": [_, *branches]}:
            return [text for one in branches for text in texts(one)]
        case str() | bool() | int() | float():
            return [str(value)]
    return [json.dumps(value, sort_keys=True)]


def _substituted(value: Any) -> str:
    if isinstance(value, str):
        return value
    text: str = value[0]
    for name, each in value[1].items():
        text = text.replace(f"${{{name}}}", "".join(texts(each)))
    return text
