"""Reading a template: what its values say, and in which order CloudFormation makes its resources."""

from collections.abc import Iterator
from typing import Any

# Of settings.service_env.log_variables: every service gets them.
LOG_VARIABLES = {"ENVIRONMENT", "VERSION", "USER_HASH_KEY"}
_NAMES = ("Ref", "Fn::ImportValue", "Fn::Sub")


def text(value: Any) -> str:
    """Return a value as text, in which a resource stands by its logical id and an import by its name."""
    if not isinstance(value, dict):
        return str(value)
    ((function, argument),) = value.items()
    if function in _NAMES:
        return str(argument)
    if function == "Fn::GetAtt":
        return str(argument[0])
    if function == "Fn::Join":
        return str(argument[0]).join(map(text, argument[1]))
    raise ValueError(f"{function} is not read here")


def named(resources: dict[str, dict[str, Any]], kind: str) -> str:
    """Return the logical id of the only resource of a type, as in "KMS::Key"."""
    (name,) = [name for name, resource in resources.items() if resource["Type"] == f"AWS::{kind}"]
    return name


def upstream(integrations: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Return the properties of the gateway's integration with the service, beside that with a function."""
    (found,) = [
        one["Properties"]
        for one in integrations.values()
        if one["Properties"]["IntegrationType"] == "HTTP_PROXY"
    ]
    return dict(found)


def before(resources: dict[str, dict[str, Any]], one: str, other: str) -> bool:
    """Return whether `one` is created before `other`, and so deleted after it, through dependencies."""
    reached: set[str] = set()
    waiting = [other]
    while waiting:
        for name in _uses(resources[waiting.pop()]):
            if name in resources and name not in reached:
                reached.add(name)
                waiting.append(name)
    return one in reached


def _uses(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, inner in value.items():
            if key in ("Ref", "DependsOn") and isinstance(inner, str):
                yield inner
            elif key == "DependsOn":
                yield from inner
            elif key == "Fn::GetAtt":
                yield inner[0]
            else:
                yield from _uses(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _uses(inner)
