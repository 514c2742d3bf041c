"""What the receiver takes, what it refuses, and what it answers."""

import gzip
import json
import logging
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st

from services.core.aws import LOG_RECEIVER
from services.core.domain.errors import TooLarge
from services.logs import bodies, receiver
from services.logs.keys import LogKeys, LogKeysInvalid
from services.logs.receiver import answer
from tests.services.logs.conftest import KEY, SECRET, Path, request_event
from tests.services.logs.events import console, others

NEWER = "fedcba9876543210fedcba9876543210"


@pytest.mark.parametrize("header", ["x-vitrine-logs-key", "X-Vitrine-Logs-Key", "X-VITRINE-LOGS-KEY"])
def test_header_is_read_in_any_case(path: Path, header: str) -> None:
    event = request_event(b"[]")
    event["headers"][header] = event["headers"].pop("x-vitrine-logs-key")
    assert answer(path.receiver, event)["statusCode"] == 202


@pytest.mark.parametrize("given", ["", NEWER, f"{KEY},{KEY}", KEY[:-1], f"{KEY}é", f" {KEY}"])
def test_another_key_is_refused(path: Path, given: str) -> None:
    status, problem = path.post(json.dumps([console()]).encode(), {"x-vitrine-logs-key": given})
    assert (status, problem["title"]) == (401, "Not authenticated")
    assert not given or given not in json.dumps(problem)
    assert path.objects() == []


def test_rotation_admits_both_keys(path: Path) -> None:
    keys = LogKeys.parse(f"{KEY}\n{NEWER}\n", SECRET)
    assert [keys.admit(key) for key in (KEY, NEWER, KEY + NEWER, f"{KEY} {NEWER}")] == [
        True,
        True,
        False,
        False,
    ]


@pytest.mark.parametrize("secret", ["", " ", "short", f"{KEY} short", f"{KEY} {KEY} {KEY}"])
def test_unusable_secret_is_named(path: Path, secret: str) -> None:
    path.secrets.put_secret_value(SecretId=SECRET, SecretString=secret or " ")
    status, problem = path.post(b"[]")
    assert (status, problem["title"]) == (503, "Logs unavailable")
    with pytest.raises(LogKeysInvalid, match=SECRET) as raised:
        LogKeys.parse(secret, SECRET)
    assert KEY not in str(raised.value)


def bodies_of(events: list[Any]) -> dict[str, tuple[bytes, dict[str, str]]]:
    whole = json.dumps(events).encode()
    lines = b"\n".join(json.dumps(event).encode() for event in events) + b"\r\n\r\n"
    return {
        "gzip": (gzip.compress(whole), {"content-encoding": "gzip"}),
        "gzip in capitals": (gzip.compress(whole), {"Content-Encoding": "GZIP"}),
        "gzip without its header": (gzip.compress(whole), {}),
        "plain": (whole, {}),
        "plain with gzip's header": (whole, {"content-encoding": "gzip"}),
        "identity": (whole, {"content-encoding": "identity"}),
        "lines": (lines, {"content-type": "application/x-ndjson"}),
        "gzipped lines": (gzip.compress(lines), {"content-encoding": "gzip"}),
        "with a mark of byte order": (b"\xef\xbb\xbf" + whole, {}),
    }


@pytest.mark.parametrize("form", bodies_of([]))
def test_every_form_of_a_body_is_read(path: Path, form: str) -> None:
    body, headers = bodies_of([console(), console(), *others().values()])[form]
    dropped = {"storage_logs": 1, "other": 4}
    assert path.post(body, headers) == (202, {"kept": 2, "dropped": dropped})


def test_plain_text_is_read_as_it_is(path: Path) -> None:
    assert path.post(json.dumps(console()).encode(), as_base64=False) == (202, {"kept": 1, "dropped": {}})


@pytest.mark.parametrize(
    "body", [b"", b"[]", b"{}", b"null", b"ping", b"\x1f\x8b", gzip.compress(b"[]", mtime=0), b"[[]]"]
)
def test_trial_of_the_address_is_answered(path: Path, body: bytes) -> None:
    status, _ = path.post(body)
    assert status == (400 if body == b"\x1f\x8b" else 202)
    assert path.objects() == []


def test_malformed_events_are_counted(path: Path) -> None:
    wrong: list[Any] = [None, 1, "x", [], console(timestamp=None), console(timestamp="soon")]
    wrong += [console(timestamp=-1), console(timestamp=True), console(timestamp=1e30)]
    assert path.send([*wrong, console()]) == (202, {"kept": 1, "dropped": {"malformed": len(wrong)}})
    lines = b'{"half\n' + json.dumps(console()).encode() + b"\nnonsense"
    assert path.post(lines) == (202, {"kept": 1, "dropped": {"malformed": 2}})


@pytest.mark.parametrize("body", [b"x" * 2000, b"[" * 100_000, b"9" * 5000])
def test_other_bodies_are_refused(path: Path, body: bytes) -> None:
    status, problem = path.post(body)
    assert (status, problem["field"]) == (400, "body")
    assert problem["remedy"]


CUT_OFF = json.dumps(console()).encode()[:-9]


@pytest.mark.parametrize(
    "body",
    [
        CUT_OFF,
        b"[" + CUT_OFF,
        b'[{"a": 1}' * 300,
        b'[{"n": ' + b"9" * 5000 + b"}]",
        json.dumps(json.dumps(console())).encode(),
    ],
    ids=["event cut off", "array cut off", "arrays", "number", "text of an event"],
)
def test_body_with_an_object_is_no_trial(path: Path, body: bytes) -> None:
    assert path.post(body) == (202, {"kept": 0, "dropped": {"malformed": 1}})


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text(max_size=20), min_size=2, max_size=5))
def test_lines_end_where_ndjson_says(texts: list[str]) -> None:
    """By its specification at a line feed alone; a text may hold U+2028, U+0085 and others as they are."""
    events = [{"event_message": text} for text in (*texts, "a\u2028b\x85c\u2029d\x0be\x1cf")]
    for ensured in (True, False):
        lines = "\r\n".join(json.dumps(event, ensure_ascii=ensured) for event in events)
        assert bodies.events_of(lines.encode("utf-8", "surrogatepass")) == events


def test_many_lines_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    loads = json.loads

    def reading(text: str) -> Any:
        read.append(len(text))
        return loads(text)

    monkeypatch.setattr(json, "loads", reading)
    with pytest.raises(TooLarge, match="events"):
        bodies.events_of(b"1\n" * bodies.MOST_EVENTS + b"1")
    assert len(read) == 1
    lines = b"{}\n" * bodies.MOST_EVENTS
    assert len(bodies.events_of(lines)) == bodies.MOST_EVENTS


def _zeros() -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress(bytes(bodies.MOST_UNPACKED + 1)) + packer.flush()


BOMBS: dict[str, Callable[[], bytes]] = {
    "one long text": _zeros,
    "many objects": lambda: gzip.compress(b"[" + b"{}," * 1_100_000 + b"{}]", 1),
    "many events": lambda: gzip.compress(b"[" + b"0," * bodies.MOST_EVENTS + b"0]", 1),
    "many lines": lambda: gzip.compress(b"1\n" * 12_000_000, 1),
    "too much received": lambda: bytes(bodies.MOST_RECEIVED + 1),
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_bomb_is_refused(path: Path, bomb: str) -> None:
    status, problem = path.post(BOMBS[bomb]())
    assert (status, problem["title"]) == (413, "Too large")
    assert path.objects() == []


def test_half_a_gzip_stream_is_refused(path: Path) -> None:
    body = gzip.compress(json.dumps([console()] * 100).encode())
    assert path.post(body[: len(body) // 2])[0] == 400
    assert path.post(body, {"content-encoding": "br"})[0] == 202
    assert path.post(b"anything", {"content-encoding": "br"})[0] == 400


def slow_down(**_: object) -> None:
    raise ClientError({"Error": {"Code": "SlowDown", "Message": "slow down"}}, "PutObject")


def client_of(path: Path, service: str) -> tuple[Any, str]:
    calls = {"s3": (path.receiver.objects.s3, "put_object"), "sqs": (path.receiver.sqs, "send_message")}
    return calls[service]


@pytest.mark.parametrize("service", ["s3", "sqs"])
def test_batch_that_is_not_stored_is_not_accepted(
    path: Path, service: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(*client_of(path, service), slow_down)
    with caplog.at_level(logging.INFO, "services.logs"):
        status, problem = path.send([console(), console(), *others().values()])
    assert (status, problem["detail"]) == (503, "it may not have been taken")
    assert path.receive() == []
    (line,) = [vars(record) for record in caplog.records if record.name == "services.logs.receiver"]
    assert (line["counts"], line["metrics"]["EdgeLogsDropped"]) == ({"perhaps_lost": 2}, 2)


@pytest.mark.parametrize("service", ["s3", "sqs"])
def test_failed_call_is_repeated_in_time(path: Path, service: str, monkeypatch: pytest.MonkeyPatch) -> None:
    client, name = client_of(path, service)
    call, calls = getattr(client, name), []

    def once(**given: Any) -> Any:
        calls.append(name)
        return slow_down() if len(calls) == 1 else call(**given)

    monkeypatch.setattr(client, name, once)
    monkeypatch.setattr(receiver, "PATIENCE_S", 60.0)
    assert path.send([console()])[0] == 202
    calls.clear()
    monkeypatch.setattr(receiver, "PATIENCE_S", 1.0)
    assert (path.send([console()])[0], len(calls)) == (503, 1)


def test_calls_end_within_a_drains_patience() -> None:
    """A drain waits 5 s: for the secret that a new process reads, the bucket and the queue."""
    config: Any = LOG_RECEIVER
    assert config.retries["total_max_attempts"] == 1
    assert config.connect_timeout + config.read_timeout == receiver.CALL_S
    assert 3 * receiver.CALL_S <= receiver.PATIENCE_S < 5


def test_only_known_sources_are_named(path: Path) -> None:
    named = [{"timestamp": 1, "source": "a@b.example"}, {"timestamp": 1, "source": "realtime_logs"}]
    assert path.send(named) == (202, {"kept": 0, "dropped": {"other": 1, "realtime_logs": 1}})
