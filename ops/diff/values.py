"""How values of templates are shown and told apart."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

# A longer value is left out as a whole: a part of it would mislead.
_LONGEST = 60
# Names of variables whose values are never shown.
_SECRET = re.compile(r"(KEY|SECRET|TOKEN|PASSWORD)$")
_E_MAIL = re.compile(r"[^\s@:/\"]+@[^\s@:/\"]+\.[^\s@:/\"]+")


def shown(value: Any) -> str:
    """Return a value in one short line: a name for a reference, … for what is longer, no e-mail address."""
    match value:
        case None:
            return "none"
        case {"Ref": str(name)} if len(value) == 1:
            return name
        case {"Fn::GetAtt": [str(name), str(attribute)]} if len(value) == 1:
            return f"{name}.{attribute}"
        case str():
            text = " ".join(value.split())
        case _:
            text = json.dumps(value, ensure_ascii=False)
    text = _E_MAIL.sub("(e-mail)", text)
    return text if len(text) <= _LONGEST else "…"


def plain(text: str) -> str:
    """Return a text of statements without the marks of what is computed: Role.Arn for AWS:${Role.Arn}."""
    return re.sub(r"\$\{([^}]+)\}", r"\1", text).removeprefix("AWS:")


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
        if isinstance(value, list) and all(
            isinstance(one, dict) and set(one) == {name, "Value"} for one in value
        ):
            return {one[name]: one["Value"] for one in value}
    return value


def is_intrinsic(value: Any) -> bool:
    """Say whether a value is one of CloudFormation's functions, computed at the deployment."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)).startswith(("Ref", "Fn::"))
