"""A schema that refuses what it has accepted is called breaking, by a validator's judgement."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from ops.diff.api.requests import Narrowing

Schema = dict[str, Any]
NAMES = ("a", "b", "c")
_COMBINED = ("anyOf", "oneOf", "allOf")

_SCALARS: st.SearchStrategy[Schema] = st.one_of(
    st.builds(
        lambda low, more: {"type": "integer", "minimum": low, "maximum": low + more},
        st.integers(-3, 3),
        st.integers(0, 4),
    ),
    st.builds(
        lambda low, more: {"type": "string", "minLength": low, "maxLength": low + more},
        st.integers(0, 2),
        st.integers(0, 3),
    ),
    st.lists(st.sampled_from(["x", "y", 1, 2, None]), min_size=1, unique=True).map(
        lambda values: {"enum": values}
    ),
    st.just({"type": "boolean"}),
    st.just({"$ref": "#/components/schemas/Named"}),
)


def _object(properties: dict[str, Schema], required: set[str], closed: bool) -> Schema:
    needed = sorted(required & properties.keys())
    return {
        "type": "object",
        "properties": properties,
        "required": needed,
        **({"additionalProperties": False} if closed else {}),
    }


SCHEMAS: st.SearchStrategy[Schema] = st.recursive(
    _SCALARS,
    lambda inner: st.one_of(
        st.builds(
            _object,
            st.dictionaries(st.sampled_from(NAMES), inner, max_size=2),
            st.sets(st.sampled_from(NAMES)),
            st.booleans(),
        ),
        st.builds(
            lambda items, most: {"type": "array", "items": items, "maxItems": most}, inner, st.integers(0, 3)
        ),
        st.builds(
            lambda keyword, some: {keyword: some},
            st.sampled_from(_COMBINED),
            st.lists(inner, min_size=1, max_size=2),
        ),
    ),
    max_leaves=4,
)


def tweaked(schema: Schema, number: int) -> Schema:
    """Return a schema with one of its keywords changed, in one direction or the other."""
    new = deepcopy(schema)
    inner = [
        *(("properties", name) for name in new.get("properties", {})),
        *((keyword, place) for keyword in _COMBINED for place in range(len(new.get(keyword, [])))),
        *([("items", None)] if "items" in new else []),
    ]
    if inner and number % 3:
        keyword, place = inner[number % len(inner)]
        if place is None:
            new[keyword] = tweaked(new[keyword], number // 3)
        else:
            new[keyword][place] = tweaked(new[keyword][place], number // 3)
        return new
    for keyword in ("minimum", "maximum", "minLength", "maxLength", "maxItems"):
        if keyword in new:
            new[keyword] = max(0, new[keyword] + (1 if number % 2 else -1))
            return new
    if "enum" in new and len(new["enum"]) > 1:
        new["enum"].pop(number % len(new["enum"]))
    elif "properties" in new and number % 2:
        new["required"] = sorted(new["properties"])
    elif "properties" in new:
        new["properties"].popitem() if new["properties"] else None
    elif combined := [keyword for keyword in _COMBINED if len(new.get(keyword, [])) > 1]:
        new[combined[0]].pop(number % 2)
    return new


def document(named: Schema) -> dict[str, Any]:
    return {"components": {"schemas": {"Named": named}}}


def requests(schema: Schema, named: Schema) -> st.SearchStrategy[Any]:
    """Values that a client may send by a schema: what it declares, and no property besides."""
    if "$ref" in schema:
        return requests(named, named)
    if "allOf" in schema:
        return st.tuples(*(requests(one, named) for one in schema["allOf"])).map(_together)
    if found := schema.get("anyOf", schema.get("oneOf")):
        return st.one_of([requests(one, named) for one in found])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    match schema["type"]:
        case "integer":
            return st.integers(schema["minimum"], schema["maximum"])
        case "string":
            return st.text("xyz", min_size=schema["minLength"], max_size=schema["maxLength"])
        case "boolean":
            return st.booleans()
        case "array":
            return st.lists(requests(schema["items"], named), max_size=schema["maxItems"])
    fields = {name: requests(one, named) for name, one in schema["properties"].items()}
    needed = {name: one for name, one in fields.items() if name in schema["required"]}
    return st.fixed_dictionaries(needed, optional={k: one for k, one in fields.items() if k not in needed})


def _together(parts: tuple[Any, ...]) -> Any:
    return (
        {k: v for one in parts for k, v in one.items()}
        if all(type(one) is dict for one in parts)
        else parts[0]
    )


def accepts(schema: Schema, named: Schema, value: Any) -> bool:
    whole = {**schema, **document(named)}
    return bool(Draft202012Validator(whole).is_valid(value))


@settings(max_examples=100)
@given(SCHEMAS, _SCALARS, _SCALARS, st.data())
def test_refused_request_is_breaking(
    old: Schema, named: Schema, named_now: Schema, data: st.DataObject
) -> None:
    assume("$ref" not in named and "$ref" not in named_now)
    drawn = data.draw(st.lists(requests(old, named), min_size=1, max_size=5))
    values = [one for one in drawn if accepts(old, named, one)]
    comparison = Narrowing(document(named), document(named_now))
    for new in (data.draw(SCHEMAS), *(tweaked(old, number) for number in range(12))):
        if not all(accepts(new, named_now, value) for value in values):
            assert comparison.found(old, new, "body")


@settings(max_examples=30)
@given(SCHEMAS, st.data())
def test_addition_is_not_breaking(schema: Schema, data: st.DataObject) -> None:
    named = {"type": "boolean"}
    new = deepcopy(schema)
    change = data.draw(st.sampled_from(["alternative", "property", "limit", "value"]))
    if change == "alternative":
        new = {"anyOf": [new, {"type": "null"}]}
    elif change == "property" and new.get("type") == "object":
        new["properties"]["new"] = {"type": "string"}
    elif change == "limit" and "maximum" in new:
        new["maximum"] += 1
    elif change == "value" and "enum" in new:
        new["enum"].append("more")
    assert Narrowing(document(named), document(named)).found(schema, new, "body") == []


TEXT: Schema = {"type": "string"}
PHOTO, IDS = (
    {"type": "object", "required": [name], "additionalProperties": False, "properties": {name: TEXT}}
    for name in ("photo", "ids")
)


@pytest.mark.parametrize(
    ("old", "new", "narrower"),
    [
        ({**TEXT, "nullable": True}, TEXT, True),
        (TEXT, {**TEXT, "nullable": True}, False),
        (TEXT, {**TEXT, "pattern": "^a"}, True),
        ({**TEXT, "format": "uri"}, {**TEXT, "format": "date"}, True),
        (TEXT, {**TEXT, "minLength": 0}, False),
        (TEXT, {"const": "a"}, True),
        ({"enum": [1, True]}, {"enum": [1]}, True),
        ({"type": "number"}, {"type": "integer"}, True),
        # Both forms are refused together, so neither is narrower with the other.
        ({"oneOf": [PHOTO, IDS]}, {"oneOf": [IDS, PHOTO, {"type": "null"}]}, False),
        ({"oneOf": [PHOTO, IDS]}, {"oneOf": [IDS]}, True),
        # A text that meets both is refused now.
        (TEXT, {"oneOf": [TEXT, {**TEXT, "maxLength": 3}]}, True),
        (PHOTO, {"allOf": [PHOTO, {"maxProperties": 0}]}, True),
        ({"allOf": [PHOTO, {"maxProperties": 1}]}, PHOTO, False),
    ],
)
def test_narrower_schema_is_told(old: Schema, new: Schema, narrower: bool) -> None:
    assert bool(Narrowing({}, {}).found(old, new, "body")) is narrower


def test_schema_within_itself_is_compared_once() -> None:
    tree = {"type": "object", "properties": {"child": {"$ref": "#/components/schemas/Named"}}}
    other = {**tree, "required": ["child"]}
    reference = {"$ref": "#/components/schemas/Named"}
    assert Narrowing(document(tree), document(tree)).found(reference, reference, "body") == []
    assert (
        Narrowing(document(tree), document(other)).found(reference, reference, "body")[0]
        == "body.child is required"
    )
