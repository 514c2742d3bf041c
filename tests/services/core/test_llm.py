"""The LLM's client: a key that changes under a warm function, and answers of any size."""

import asyncio
import gzip
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx2
import pytest
from openai import APIConnectionError, AsyncOpenAI, AuthenticationError

from services.core import llm
from services.core.secrets import Secret


@pytest.fixture
def asked() -> list[str]:
    """The keys of the requests, in their order."""
    return []


@pytest.fixture
def client_of(monkeypatch: pytest.MonkeyPatch, asked: list[str]) -> Callable[[Secret[str]], AsyncOpenAI]:
    """Makes a client of a provider that accepts the key `new` alone."""

    def answer(request: httpx2.Request) -> httpx2.Response:
        asked.append(request.headers["Authorization"].removeprefix("Bearer "))
        return httpx2.Response(200 if asked[-1] == "new" else 401, json={"data": [], "object": "list"})

    def http_client(**options: Any) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(**options, transport=httpx2.MockTransport(answer))

    monkeypatch.setattr(llm, "DefaultAsyncHttpxClient", http_client)
    return lambda key: llm.openai_client(key, "http://llm/v1")


async def list_models(client: AsyncOpenAI) -> None:
    async with client:
        await client.models.list()


def test_rotated_key_is_taken_up(client_of: Callable[[Secret[str]], AsyncOpenAI], asked: list[str]) -> None:
    stored, now = ["old"], [1000.0]
    key = Secret(lambda: stored[0], clock=lambda: now[0])
    key.value()
    stored[0], now[0] = "new", 2000.0
    asyncio.run(list_models(client_of(key)))
    assert asked == ["old", "new"]
    assert key.value() == "new"


def test_refused_key_is_repeated_once(
    client_of: Callable[[Secret[str]], AsyncOpenAI], asked: list[str]
) -> None:
    with pytest.raises(AuthenticationError):
        asyncio.run(list_models(client_of(Secret.fixed("old"))))
    assert asked == ["old"]


def bounded(answer: httpx2.Response, monkeypatch: pytest.MonkeyPatch) -> AsyncOpenAI:
    def http_client(**options: Any) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(**options, transport=httpx2.MockTransport(lambda _: answer))

    monkeypatch.setattr(llm, "DefaultAsyncHttpxClient", http_client)
    return llm.openai_client(Secret.fixed("k"), "http://llm/v1").with_options(max_retries=0)


@pytest.mark.parametrize("status", [200, 400, 503])
def test_endless_answer_is_cut(status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = [0]

    async def endless() -> AsyncIterator[bytes]:
        while sent[0] < 300_000_000:
            sent[0] += 65_536
            yield b" " * 65_536

    client = bounded(httpx2.Response(status, content=endless()), monkeypatch)
    with pytest.raises(Exception, match="onnection error"):
        asyncio.run(list_models(client))
    assert sent[0] <= llm.MAX_ANSWER_BYTES + 65_536


def test_compressed_answer_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    answer = httpx2.Response(200, headers={"content-encoding": "gzip"}, stream=httpx2.ByteStream(bomb))
    with pytest.raises(APIConnectionError):
        asyncio.run(list_models(bounded(answer, monkeypatch)))
