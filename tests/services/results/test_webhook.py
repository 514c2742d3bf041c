import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx2
import pytest

from services.core.auth.signing import SigningKeys
from services.core.secrets import Secret
from services.results.webhook import LONGEST_WAIT_S, DeliveryResult, Receiver

ODD = [
    "Mon, 01 Jan 99999 00:00:00 GMT",
    "Mon, 01 Jan 9999999999999999999999 00:00:00 GMT",
    "Mon, 01 Jan 2026 00:00:00 +99999999999999999999999",
    "Fri, 31 Dec 9999 23:59:59 -2359",
    "Sat, 01 Jan 0001 00:00:00 +2359",
    "9" * 5000,
    "-5",
    "1e400",
    "nan",
    "٣",
    "soon",
    ",",
    "",
]


def post(answer: Callable[[httpx2.Request], httpx2.Response]) -> DeliveryResult:
    async def run() -> DeliveryResult:
        keys = SigningKeys.parse("whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", source="a test")
        receiver = Receiver("https://hooks.example/reports", Secret.fixed(keys))
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client:
            return await receiver.post(client, "msg_1", b"{}")

    return asyncio.run(run())


def posted(status: int, retry_after: str) -> DeliveryResult:
    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(status, headers=[(b"retry-after", retry_after.encode())])

    return post(answer)


@pytest.mark.parametrize("retry_after", ODD)
def test_accepted_event_is_taken(retry_after: str) -> None:
    assert posted(200, retry_after).taken


@pytest.mark.parametrize("retry_after", ODD)
def test_odd_retry_after_is_bounded(retry_after: str) -> None:
    answer = posted(503, retry_after)
    assert answer.status == 503
    assert 0 <= answer.retry_after_s <= LONGEST_WAIT_S


def test_retry_after_is_seconds_or_date() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)
    assert posted(503, "120").retry_after_s == 120
    assert 290 <= posted(429, later).retry_after_s <= 300


def test_answer_cut_after_its_status_is_taken() -> None:
    class Cut(httpx2.AsyncByteStream):
        async def __aiter__(self):  # type: ignore[no-untyped-def]
            yield b""

        async def aclose(self) -> None:
            raise httpx2.ReadError("cut")

    def answer(_: httpx2.Request) -> httpx2.Response:
        return httpx2.Response(204, stream=Cut())

    async def post() -> DeliveryResult:
        keys = SigningKeys.parse("whsec_" + "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=", source="a test")
        async with httpx2.AsyncClient(transport=httpx2.MockTransport(answer)) as client:
            return await Receiver("https://hooks.example/reports", Secret.fixed(keys)).post(
                client, "m", b"{}"
            )

    assert asyncio.run(post()).taken
