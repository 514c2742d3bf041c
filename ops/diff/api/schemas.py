"""JSON schemas of an OpenAPI document: references, types, values, and the alternatives that each allows."""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

from ops.diff.api.merging import Schema, merged, named_types

# Keywords that allow or refuse nothing.
SAYS_NOTHING = frozenset(
    ("title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "$defs")
)
SAYS_NOTHING |= {"$comment", "discriminator", "externalDocs", "xml"}
TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})
# Keywords that `alternatives` takes apart.
_TAKEN_APART = ("$ref", "allOf", "anyOf", "oneOf", "nullable")


def resolved(document: dict[str, Any], schema: Any) -> Schema:
    """Return a schema, parameter or answer with its reference followed; `true` allows everything."""
    found: Schema = {"enum": []} if schema is not True else {}
    if isinstance(schema, dict):
        found = schema
    followed: set[str] = set()
    while "$ref" in found and found["$ref"] not in followed:
        followed.add(found["$ref"])
        beside = {key: value for key, value in found.items() if key != "$ref"}
        found = {**_target(document, found["$ref"]), **beside}
    return found


def _target(document: dict[str, Any], reference: str) -> Any:
    target: Any = document
    for part in reference.removeprefix("#/").split("/"):
        target = target.get(part.replace("~1", "/").replace("~0", "~"), {})
    return target


def expanded(document: dict[str, Any], value: Any, following: frozenset[str] = frozenset()) -> Any:
    """Return a value with every reference in it followed, but those to what contains it."""
    if isinstance(value, list):
        return [expanded(document, one, following) for one in value]
    if not isinstance(value, dict):
        return value
    reference = value.get("$ref")
    if isinstance(reference, str):
        if reference in following:
            return value
        following |= {reference}
        value = resolved(document, value)
    return {key: expanded(document, one, following) for key, one in value.items()}


def alternatives(
    document: dict[str, Any], schema: Any, following: frozenset[str] = frozenset()
) -> list[Schema]:
    """Return the schemas one of which a value meets; in each, every keyword is about one type of values.

    What must hold besides, as in `allOf` or beside a reference, is merged into each. A `oneOf` is left in
    those of its schemas that a value may meet together, as it allows none that does.
    """
    if not isinstance(schema, dict):
        return [{}] if schema is True else []
    beside = {
        key: value
        for key, value in schema.items()
        if key not in _TAKEN_APART and key not in SAYS_NOTHING and not key.startswith("x-")
    }
    groups = [[beside]]
    if (reference := schema.get("$ref")) is not None:
        if reference in following:
            return []
        groups.append(alternatives(document, _target(document, reference), following | {reference}))
    groups += [alternatives(document, one, following) for one in schema.get("allOf", [])]
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            tried = [alternatives(document, one, following) for one in schema[keyword]]
            found = [one for each in tried for one in each]
            if keyword == "oneOf" and not _are_apart(document, tried):
                found = [{**one, "oneOf": schema["oneOf"]} for one in found]
            groups.append(found)
    if schema.get("nullable") is True:
        # OpenAPI 3.0's spelling, by which null joins the type beside it.
        named = beside.get("type")
        beside["type"] = [*([named] if isinstance(named, str) else named or TYPES), "null"]
    whole: list[Schema] = [{}]
    for group in groups:
        whole = [both for one, other in product(whole, group) if (both := merged(one, other)) is not None]
    return [each for one in whole for each in _by_type(one)]


def _by_type(schema: Schema) -> list[Schema]:
    named = schema.get("type")
    return [{**schema, "type": one} for one in named] if isinstance(named, list) else [schema]


def _are_apart(document: dict[str, Any], tried: list[list[Schema]]) -> bool:
    """Say whether no value meets two of several schemas, each given by its alternatives."""
    return all(
        _exclude(document, one, other)
        for some, others in combinations(tried, 2)
        for one, other in product(some, others)
    )


def _exclude(document: dict[str, Any], one: Schema, other: Schema) -> bool:
    both = merged(one, other)
    if both is None or types(both) != {"object"}:
        return both is None
    # What both need, and no value has.
    properties, others = both.get("properties", {}), both.get("additionalProperties", True)
    return any(not alternatives(document, properties.get(name, others)) for name in both.get("required", []))


def types(schema: Schema) -> frozenset[str]:
    """Return the types that a schema without alternatives allows; those of its values where it lists them."""
    if "const" in schema:
        return frozenset({_type_of(schema["const"])})
    if "type" in schema:
        return named_types(schema["type"])
    if "enum" in schema:
        return frozenset(_type_of(one) for one in schema["enum"])
    return TYPES


def values(schema: Schema) -> list[Any] | None:
    """Return the values that a schema lists, None where it lists none."""
    if "const" in schema:
        return [schema["const"]]
    listed = schema.get("enum")
    return listed if isinstance(listed, list) else None


def without(some: list[Any], others: list[Any]) -> list[Any]:
    """Return the values that are not among others; true is not 1 there, as it is in Python."""
    known = [(isinstance(one, bool), one) for one in others]
    return [one for one in some if (isinstance(one, bool), one) not in known]


def _type_of(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    if isinstance(value, dict):
        return "object"
    if isinstance(value, list):
        return "array"
    return {int: "integer", float: "number"}.get(type(value), "string")
