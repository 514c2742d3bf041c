import asyncio
from collections.abc import Iterable

import pytest
from starlette.requests import Request

from model_artifacts.blip2.server.app import BodyTooLargeError, read_body


def request(chunks: Iterable[bytes]) -> Request:
    rest = iter(chunks)

    async def receive() -> dict[str, object]:
        chunk = next(rest, None)
        return {"type": "http.request", "body": chunk or b"", "more_body": chunk is not None}

    return Request({"type": "http", "headers": []}, receive)


def test_body_within_limit_is_read() -> None:
    assert asyncio.run(read_body(request([b"ab", b"c"]), 3)) == b"abc"


def test_larger_body_is_refused() -> None:
    with pytest.raises(BodyTooLargeError, match="more than 3 bytes"):
        asyncio.run(read_body(request([b"ab", b"cd"]), 3))


def test_endless_body_is_refused() -> None:
    chunk = bytes(1024 * 1024)
    endless = request(iter(lambda: chunk, None))
    with pytest.raises(BodyTooLargeError):
        asyncio.run(read_body(endless, 10))
