"""JSON schemas of an OpenAPI document: references, alternatives and types."""

from __future__ import annotations

from typing import Any

Schema = dict[str, Any]
# Keywords that allow or refuse nothing.
SAYS_NOTHING = frozenset(
    ("title", "description", "default", "example", "examples", "deprecated", "readOnly", "writeOnly", "$defs")
)
TYPES = frozenset({"null", "boolean", "integer", "number", "string", "array", "object"})


def resolved(document: dict[str, Any], schema: Any) -> Schema:
    """Return a schema with its reference followed; `true` is the schema that allows everything."""
    found: Schema = {"enum": []} if schema is not True else {}
    if isinstance(schema, dict):
        found = schema
    followed: set[str] = set()
    while "$ref" in found and found["$ref"] not in followed:
        followed.add(found["$ref"])
        beside = {key: value for key, value in found.items() if key != "$ref"}
        target: Any = document
        for part in found["$ref"].removeprefix("#/").split("/"):
            target = target.get(part.replace("~1", "/").replace("~0", "~"), {})
        found = {**target, **beside}
    return found


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


def alternatives(document: dict[str, Any], schema: Any) -> list[Schema]:
    """Return the schemas one of which a value meets, each with the keywords that stand beside them."""
    schema = resolved(document, schema)
    if "anyOf" in schema:
        beside = {key: value for key, value in schema.items() if key != "anyOf"}
        found = [one for each in schema["anyOf"] for one in alternatives(document, each)]
        return [_both(beside, one) for one in found]
    if isinstance(schema.get("type"), list):
        return [{**schema, "type": one} for one in schema["type"]]
    return [schema]


def _both(beside: Schema, one: Schema) -> Schema:
    """Return a schema with the keywords of two; where both have a keyword, the first stays apart."""
    twice = {key: value for key, value in beside.items() if one.get(key, value) != value}
    apart = {key: value for key, value in twice.items() if key not in SAYS_NOTHING}
    return {**beside, **one, **({"allOf": [apart, *one.get("allOf", [])]} if apart else {})}


def types(schema: Schema) -> frozenset[str]:
    """Return the types that a schema without alternatives allows; those of its values where it lists them."""
    if "const" in schema:
        return frozenset({_type_of(schema["const"])})
    if "type" in schema:
        named = schema["type"]
        return frozenset({"integer", "number"}) if named == "number" else frozenset({named})
    if "enum" in schema:
        return frozenset(_type_of(one) for one in schema["enum"])
    return TYPES


def values(schema: Schema) -> list[Any] | None:
    """Return the values that a schema lists, None where it lists none."""
    if "const" in schema:
        return [schema["const"]]
    listed = schema.get("enum")
    return listed if isinstance(listed, list) else None


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
