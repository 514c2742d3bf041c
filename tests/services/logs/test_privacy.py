"""Whatever the sources hold, no personal data is stored, sent, logged or answered."""

import gzip
import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from services.core.log_lines import SCHEMA
from services.logs.kept import filtered
from tests.log_lines import LinesOfTests
from tests.services.logs.conftest import BUCKET, KEY, Path
from tests.services.logs.events import FUNCTION, OUR_LINE, console, invocation, others

PLANTED = [
    "ada.lovelace@example.com",
    "ADA+shop@example.co.uk",
    "203.0.113.77",
    "2001:db8::8a2e:370:7334",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhZGEifQ.dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk",
    "+33612345678",
    "06 12 34 56 78",
    "0612345678",
    "(514) 555-0199",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15",
    "okhttp/4.12.0",
    # What has the form of a word, a code, a name of a variable, or an id.
    "maria",
    "MARIA",
    "maria-schmidt",
    "MARIA_SCHMIDT",
    "maria_schmidt_berlin",
    "MariaSchmidtError",
    "ma-ria-schmidt-1",
    "4111111111111111",
    "4915112345678901",
    "00000000004915112345678901",
    "00000000000000004915112345678901",
    "4915.1234.5678",
]
_VALIDATOR = Draft202012Validator(SCHEMA)


def strings(value: Any, place: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where an event holds texts, or numbers that could be texts."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from strings(inner, (*place, key))
    elif isinstance(value, list):
        for number, inner in enumerate(value):
            yield from strings(inner, (*place, number))
    else:
        yield place


def with_planted(
    event: dict[str, Any], place: tuple[Any, ...], planted: str, *, added: bool
) -> dict[str, Any]:
    copy: Any = json.loads(json.dumps(event))
    target = copy
    for part in place[:-1]:
        target = target[part]
    target[place[-1]] = f"{target[place[-1]]} {planted}" if added else planted
    return dict(copy)


def planted_events(planted: str) -> Iterator[dict[str, Any]]:
    """Every event with `planted` at one place: instead of what is there, and after it."""
    of_functions = [console(), invocation(planted)]
    for event in [*of_functions, *others(planted).values()]:
        yield event
        for place in strings(event):
            for added in (False, True):
                yield with_planted(event, place, planted, added=added)
    for name in (*OUR_LINE, *SCHEMA["properties"]):
        for value in (
            planted,
            f"{OUR_LINE.get(name, 'x')} {planted}",
            [planted],
            {"a": planted},
            {planted: 1},
            {f"unsent_{planted}": 1},
            *([int(planted)] if planted.isdigit() else []),
        ):
            yield console(json.dumps({**OUR_LINE, name: value}))
    yield console(planted)
    yield console(f"booted (time: 12ms) {planted}")
    yield invocation(metadata={"request": {"pathname": f"/{planted}"}, "function_id": planted})


@pytest.mark.parametrize("planted", PLANTED)
def test_no_field_keeps_planted_data(planted: str) -> None:
    kept, dropped = filtered(planted_events(planted), "prod")
    assert len(kept) > 300
    assert hides(planted, [event.line + event.id for event in kept])
    assert hides(planted, [json.dumps(dropped)])


def test_planted_data_goes_nowhere(path: Path) -> None:
    lines = LinesOfTests()
    logger = logging.getLogger("services")
    logger.addHandler(lines)
    events: list[Any] = [event for planted in PLANTED for event in (console(planted), invocation(planted))]
    events += [event for planted in PLANTED for event in others(planted).values()]
    events += PLANTED
    try:
        status, answered = path.send(events)
        headers = {"content-encoding": PLANTED[0], "traceparent": PLANTED[4], "x-vitrine-logs-key": KEY}
        refused = path.post(PLANTED[0].encode() * 200, headers)
        unknown = path.post(b"[]", {"x-vitrine-logs-key": PLANTED[4]})
        messages = path.receive()
        assert path.settle(messages) == []
    finally:
        logger.removeHandler(lines)
    assert (status, refused[0], unknown[0]) == (202, 400, 401)
    assert answered["kept"] == len(path.cloudwatch.messages) == 2 * len(PLANTED)
    texts = [message.body for message in messages] + lines.lines + path.cloudwatch.messages
    texts += [json.dumps([answered, refused, unknown])]
    for key in path.objects():
        stored = path.s3.get_object(Bucket=BUCKET, Key=key)
        texts += [gzip.decompress(stored["Body"].read()).decode(), json.dumps(stored["Metadata"]), key]
    assert all(hides(planted, texts) for planted in PLANTED)


def hides(planted: str, texts: list[str]) -> bool:
    """Whether none of the texts holds `planted`, in any case, or its digits if they are many."""
    digits = "".join(filter(str.isdigit, planted))
    wanted = [planted.lower(), *([digits] if len(digits) > 8 else [])]
    return not any(each in text.lower() for each in wanted for text in texts)


# Letters alone may be words of a function; a text with another character is not a sentence of ours.
TEXTS = st.text(min_size=1, max_size=60).filter(lambda text: any(not char.isalpha() for char in text))
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=6,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    values=st.dictionaries(st.sampled_from([*SCHEMA["properties"], "unknown"]), VALUES, max_size=8),
    metadata=st.dictionaries(st.sampled_from([*console()["metadata"], "request", "response"]), VALUES),
    rest=st.fixed_dictionaries({}, optional={"id": VALUES, "source": VALUES, "event_message": VALUES}),
)
def test_every_kept_line_obeys_the_schema(
    values: dict[str, Any], metadata: dict[str, Any], rest: dict[str, Any]
) -> None:
    function = {"function_id": "x", **metadata}
    events = [
        console(json.dumps({**OUR_LINE, **values})),
        console(metadata=function),
        {**console(), **rest},
    ]
    kept, dropped = filtered(events, "prod")
    assert len(kept) + dropped.total() == len(events)
    for event in kept:
        assert list(_VALIDATOR.iter_errors(json.loads(event.line))) == []
        assert len(event.line) < 5_000


def test_our_line_is_kept_whole() -> None:
    (event,) = filtered([console(json.dumps(OUR_LINE))], "prod").kept
    line = json.loads(event.line)
    expected = {name: value for name, value in OUR_LINE.items() if name not in ("time", "logger")}
    assert {name: line[name] for name in expected} == expected
    assert "dropped" not in line


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("booted (time: 31ms)\n", "booted (time: 31ms)"),
        ("shutdown", "shutdown"),
        ("Listening on http://localhost:9999/\n", "Listening on http://localhost:9999/"),
        ("CPU time limit reached", "CPU time limit reached"),
        ("user ada has bought shoes", "text of the function"),
    ],
)
def test_runtime_is_quoted_and_other_text_is_not(text: str, message: str) -> None:
    (event,) = filtered([console(text)], "prod").kept
    line = json.loads(event.line)
    assert line["message"] == message
    assert line.get("count") == (len(text.strip()) if message == "text of the function" else None)


@pytest.mark.parametrize("status", [400, 404, 500, None])
def test_refused_path_names_no_function(status: int | None) -> None:
    response = {} if status is None else {"status_code": status}
    request = {"method": "POST", "pathname": "/functions/v1/maria-schmidt"}
    event = invocation(metadata={"function_id": FUNCTION, "request": request, "response": response})
    (kept,) = filtered([event], "prod").kept
    line = json.loads(kept.line)
    assert (line.get("status"), line["function"]) == (status, FUNCTION)
    assert "maria" not in kept.line


@pytest.mark.parametrize("code", ["23505", "42P01", "0A000", "57P03", "2200H", "ECONNREFUSED", "TypeError"])
def test_error_of_a_function_is_kept(code: str) -> None:
    (kept,) = filtered([console(json.dumps({**OUR_LINE, "error": code}))], "prod").kept
    assert json.loads(kept.line)["error"] == code


def test_invocation_says_who_called_what() -> None:
    (event,) = filtered([invocation("x")], "prod").kept
    line = json.loads(event.line)
    named = {
        name: line[name] for name in ("method", "status", "duration_ms", "function", "version", "source")
    }
    assert named == {
        "method": "POST",
        "status": 200,
        "duration_ms": 42,
        "function": "report-ready",
        "version": "12",
        "source": "function_edge_logs",
    }
