"""A key of the LLM's provider that changes under a warm function."""

import asyncio
from collections.abc import Callable

import httpx2
import pytest
from openai import AsyncOpenAI, AuthenticationError

from services.core.pipeline import wiring
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

    def http_client(auth: httpx2.Auth) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(auth=auth, transport=httpx2.MockTransport(answer))

    monkeypatch.setattr(wiring, "DefaultAsyncHttpxClient", http_client)
    return lambda key: wiring.openai_client(key, "http://llm/v1")


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
