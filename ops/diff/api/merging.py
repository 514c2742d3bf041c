"""One schema that allows what two schemas allow together."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
# A greater number refuses more; or a smaller one.
AT_LEAST = frozenset(("minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties"))
AT_MOST = frozenset(("maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties"))


def merged(one: Schema, other: Schema) -> Schema | None:
    """Return the schema of what both allow; None where their types or values allow nothing together.

    Of a keyword for which no single value says both, as two patterns, the second stands in `allOf`.
    """
    found = {**other, **one}
    apart: list[Any] = []
    for key in one.keys() & other.keys():
        first, second = one[key], other[key]
        if first == second and isinstance(first, bool) == isinstance(second, bool):
            continue
        if key == "type":
            both = named_types(first) & named_types(second)
            if not both:
                return None
            found[key] = _names(both)
        elif key == "enum":
            found[key] = [each for each in first if each in second]
        elif key == "required":
            found[key] = sorted({*first, *second})
        elif key in AT_LEAST:
            found[key] = max(first, second)
        elif key in AT_MOST:
            found[key] = min(first, second)
        elif key == "uniqueItems":
            found[key] = True
        elif key in ("items", "propertyNames", "additionalProperties"):
            found[key] = _both(first, second)
        elif key == "allOf":
            found[key] = [*first, *(each for each in second if each not in first)]
        elif key == "const":
            return None
        elif key != "properties":
            apart.append({key: second})
    names = [*one.get("properties", {}), *other.get("properties", {})]
    if names:
        found["properties"] = {name: _both(_of(one, name), _of(other, name)) for name in names}
    if found.get("enum") == [] or (
        "const" in found and found["const"] not in found.get("enum", [found["const"]])
    ):
        return None
    if apart:
        found["allOf"] = [*apart, *found.get("allOf", [])]
    return found


def named_types(named: Any) -> frozenset[str]:
    """Return the types that the value of `type` allows; each integer is a number, too."""
    found = frozenset(named if isinstance(named, list | tuple) else [named])
    return found | {"integer"} if "number" in found else found


def _names(found: frozenset[str]) -> Any:
    named = sorted(found - {"integer"} if "number" in found else found)
    return named[0] if len(named) == 1 else named


def _of(schema: Schema, name: str) -> Any:
    """Return the schema of a property by its name."""
    return schema.get("properties", {}).get(name, schema.get("additionalProperties", True))


def _both(one: Any, other: Any) -> Any:
    if one is True or one == other:
        return other
    if other is True or one is False:
        return one
    if other is False:
        return False
    parts: list[Any] = []
    for schema in (one, other):
        alone = isinstance(schema, dict) and schema.keys() == {"allOf"}
        parts += (each for each in (schema["allOf"] if alone else [schema]) if each not in parts)
    return {"allOf": parts} if len(parts) > 1 else parts[0]
