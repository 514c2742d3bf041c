"""The LLM's client, and its answers: read within bounds, since the server may answer anything."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx2
from openai import AsyncOpenAI, DefaultAsyncHttpxClient
from pydantic import BaseModel, Field, ValidationError

from services.core.secrets import Secret
from services.core.usage import Usage

# Far more than an answer to any of our requests has.
MAX_ANSWER_BYTES = 1_000_000
# The reasons other than "stop" by which an answer ends: any other word of the server is not repeated.
_ENDINGS = ("length", "content_filter", "tool_calls", "function_call")


class Unusable(Exception):
    """The LLM's answer cannot be used; the text quotes nothing that the server said."""


class _Message(BaseModel):
    content: str | None = None
    refusal: str | None = None


class _Choice(BaseModel):
    finish_reason: str | None = None
    message: _Message


class _Completion(BaseModel):
    choices: list[_Choice] = Field(min_length=1)
    usage: Any = None


@dataclass(frozen=True)
class Completion:
    """One answer of the LLM. `usage` is None if the server did not say, or in no plausible numbers."""

    usage: Usage | None
    _choice: _Choice

    @classmethod
    def read(cls, body: bytes) -> "Completion":
        """Read a chat completion; raises Unusable if `body` is none."""
        if len(body) > MAX_ANSWER_BYTES:
            raise Unusable(f"its answer is over {MAX_ANSWER_BYTES} bytes")
        try:
            found = _Completion.model_validate_json(body)
        except ValidationError:
            raise Unusable("its answer is no chat completion") from None
        return cls(_usage(found.usage), found.choices[0])

    @property
    def text(self) -> str:
        """The whole text; raises Unusable if the LLM refused or was cut short."""
        if self._choice.message.refusal:
            raise Unusable("it refused")
        ending = self._choice.finish_reason
        if ending != "stop":
            raise Unusable(f"its answer ended by {ending if ending in _ENDINGS else 'an unknown reason'}")
        if not self._choice.message.content:
            raise Unusable("its answer is empty")
        return self._choice.message.content


def _usage(said: object) -> Usage | None:
    if not isinstance(said, dict):
        return None
    try:
        usage = Usage.model_validate(
            {name: said.get(name) for name in ("prompt_tokens", "completion_tokens")}
        )
    except ValidationError:
        return None
    details = said.get("prompt_tokens_details")
    cached = details.get("cached_tokens") if isinstance(details, dict) else None
    # Without a plausible number, all of the prompt has the full price.
    plausible = type(cached) is int and 0 <= cached <= usage.prompt_tokens
    return usage.model_copy(update={"cached_tokens": cached}) if plausible else usage


def openai_client(key: Secret[str], base_url: str | None) -> AsyncOpenAI:
    """Make a client; it calls nothing yet. A call whose key is refused is repeated once with a newer one.

    An answer of more than MAX_ANSWER_BYTES, or a compressed one, is a connection error.
    """

    async def current() -> str:
        known = key.known
        return await asyncio.to_thread(key.value) if known is None else known

    return AsyncOpenAI(
        api_key=current,
        base_url=base_url,
        max_retries=1,
        # A few compressed bytes can become any number of them.
        default_headers={"Accept-Encoding": "identity"},
        http_client=DefaultAsyncHttpxClient(auth=_Rotation(key), event_hooks={"response": [_bound]}),
    )


async def _bound(response: httpx2.Response) -> None:
    if response.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise httpx2.DecodingError("the answer is compressed", request=response.request)
    if isinstance(response.stream, httpx2.AsyncByteStream):
        response.stream = _Bounded(response.stream)


class _Bounded(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        received = 0
        async for chunk in self._stream:
            received += len(chunk)
            if received > MAX_ANSWER_BYTES:
                raise httpx2.ReadError("the answer is too large")
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


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
