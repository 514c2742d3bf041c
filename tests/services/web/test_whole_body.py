import asyncio
from typing import Any

import pytest
from starlette.types import Message, Receive, Scope, Send

from services.web import whole_body
from services.web.whole_body import WholeBody

CHUNKS = [b"a" * 1000] * 5


def run(status: int, chunks: list[bytes], headers: dict[str, str] | None = None, read: int = 1) -> list[Any]:
    """The order of events: the size of each chunk that was received, and the status that was sent."""
    events: list[Any] = []
    left: list[dict[str, Any]] = [
        {"type": "http.request", "body": body, "more_body": True} for body in chunks
    ]

    last: dict[str, Any] = {"type": "http.request", "body": b"", "more_body": False}

    async def receive() -> Message:
        message = left.pop(0) if left else last
        body: bytes = message["body"]
        events.append(len(body))
        return message

    async def send(message: Message) -> None:
        events.append(message["status"])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        for _ in range(read):
            await receive()
        await send({"type": "http.response.start", "status": status, "headers": []})

    raw = [(name.encode(), value.encode()) for name, value in (headers or {}).items()]
    asyncio.run(WholeBody(app)({"type": "http", "headers": raw}, receive, send))
    return events


def test_error_waits_for_the_body() -> None:
    assert run(422, CHUNKS) == [1000] * 5 + [0, 422]


def test_error_before_the_body_waits_too() -> None:
    assert run(401, CHUNKS, read=0) == [1000] * 5 + [0, 401]


def test_success_is_sent_at_once() -> None:
    assert run(200, CHUNKS) == [1000, 200]


def test_client_that_asks_first_sends_nothing() -> None:
    assert run(413, CHUNKS, {"expect": "100-continue"}, read=0) == [413]


def test_endless_body_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_body, "MOST_BYTES", 2500)
    assert run(422, CHUNKS) == [1000] * 4 + [422]


def test_slow_body_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(whole_body, "WITHIN_S", 0.01)
    sent: list[int] = []

    async def receive() -> Message:
        await asyncio.Event().wait()
        raise AssertionError("unreachable")

    async def send(message: Message) -> None:
        sent.append(message["status"])

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 401, "headers": []})

    asyncio.run(WholeBody(app)({"type": "http", "headers": []}, receive, send))
    assert sent == [401]
