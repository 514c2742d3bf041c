"""An answer that the old schema does not promise is told, by a validator's judgement."""

from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from ops.diff.api.responses import Promises
from tests.ops.diff.api.test_requests import (
    _SCALARS,
    SCHEMAS,
    Schema,
    accepts,
    document,
    requests,
    tweaked,
)


def opened(schema: Any) -> Any:
    """Return a schema as a client reads it: it takes unknown properties, and any of several forms."""
    if isinstance(schema, list):
        return [opened(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    renamed = {"anyOf" if key == "oneOf" else key: opened(value) for key, value in schema.items()}
    return {key: value for key, value in renamed.items() if key != "additionalProperties"}


@settings(max_examples=50)
@given(SCHEMAS, _SCALARS, _SCALARS, st.data())
def test_answer_beyond_the_promise_is_told(
    new: Schema, named: Schema, named_now: Schema, data: st.DataObject
) -> None:
    assume("$ref" not in named and "$ref" not in named_now)
    comparison = Promises(document(named), document(named_now))
    value = data.draw(requests(new, named_now))
    assume(accepts(new, named_now, value))
    for old in (data.draw(SCHEMAS), *(tweaked(new, number) for number in range(8))):
        if not accepts(opened(old), named, value):
            assert comparison.found(old, new, "200")


ONE, OTHER = (
    {
        "type": "object",
        "required": ["kind"],
        "properties": {"kind": {"const": kind}, kind: {"type": "string"}},
    }
    for kind in ("photo", "text")
)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ({"oneOf": [ONE, OTHER]}, {"oneOf": [ONE]}, None),
        ({"oneOf": [ONE]}, {"oneOf": [ONE, OTHER]}, True),
        ({"oneOf": [ONE, OTHER]}, {"oneOf": [ONE, {**OTHER, "required": []}]}, True),
        ({"allOf": [ONE, {"required": ["photo"]}]}, ONE, True),
        (ONE, {"allOf": [ONE, {"required": ["photo"]}]}, None),
        ({"type": "string"}, {"type": "string", "nullable": True}, True),
        ({"type": "string", "format": "date"}, {"type": "string"}, True),
        ({"type": "string", "pattern": "^a"}, {"type": "string"}, True),
        ({"type": "number", "maximum": 1}, {"type": "number", "maximum": 100}, True),
        ({"type": "array", "minItems": 1}, {"type": "array"}, True),
        ({"type": "array", "maxItems": 8}, {"type": "array"}, False),
        ({"enum": ["a"]}, {"enum": ["a", "b"]}, False),
        ({"enum": [1]}, {"enum": [True]}, True),
    ],
)
def test_change_of_a_promise_is_judged(old: Schema, new: Schema, told: bool | None) -> None:
    found = [breaking for _, breaking in Promises({}, {}).found(old, new, "200")]
    assert (any(found) if found else None) is told
