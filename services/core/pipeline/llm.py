"""The client of the LLM's provider, which follows a change of its key."""

import asyncio
from collections.abc import AsyncGenerator
from http import HTTPStatus

import httpx2
from openai import AsyncOpenAI, DefaultAsyncHttpxClient

from services.core.secrets import Secret


def openai_client(key: Secret[str], base_url: str | None) -> AsyncOpenAI:
    """Make a client; it calls nothing yet. A call whose key is refused is repeated once with a newer one."""

    async def current() -> str:
        return await asyncio.to_thread(key.value)

    return AsyncOpenAI(
        api_key=current,
        base_url=base_url,
        max_retries=1,
        http_client=DefaultAsyncHttpxClient(auth=_Rotation(key)),
    )


class _Rotation(httpx2.Auth):
    def __init__(self, key: Secret[str]) -> None:
        self._key = key

    async def async_auth_flow(
        self, request: httpx2.Request
    ) -> AsyncGenerator[httpx2.Request, httpx2.Response]:
        response = yield request
        if response.status_code == HTTPStatus.UNAUTHORIZED:
            refused = request.headers["Authorization"].removeprefix("Bearer ")
            newer = await asyncio.to_thread(self._key.renewed, refused)
            if newer != refused:
                request.headers["Authorization"] = f"Bearer {newer}"
                yield request
