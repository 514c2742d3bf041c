"""Answers requests that wait for the model at the same time by one prediction."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from concurrent.futures import Executor

    from .handlers import Answer


@dataclass(frozen=True)
class Batching:
    """The function for a batch, its most requests, and how long a request waits for others."""

    answer_batch: Callable[[Sequence[tuple[bytes, Mapping[str, str]]]], Sequence[Answer]]
    most: int
    wait_s: float = 0.0


@dataclass(frozen=True)
class _Waiting:
    body: bytes
    headers: Mapping[str, str]
    since: float
    answer: asyncio.Future[Answer]


class Batcher:
    """Collects the requests that arrive while the worker is busy or within the wait, in order of arrival."""

    def __init__(self, batching: Batching, worker: Executor) -> None:
        self._batching = batching
        self._worker = worker
        self._waiting: list[_Waiting] = []
        self._full = asyncio.Event()
        self._running: asyncio.Task[None] | None = None

    async def answer(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """The request's own answer, once its batch is predicted."""
        loop = asyncio.get_running_loop()
        one = _Waiting(body, headers, loop.time(), loop.create_future())
        self._waiting.append(one)
        if len(self._waiting) >= self._batching.most:
            self._full.set()
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run())
        return await one.answer

    async def _run(self) -> None:
        while self._waiting:
            await self._gather()
            batch = self._waiting[: self._batching.most]
            del self._waiting[: self._batching.most]
            requests = [(one.body, one.headers) for one in batch]
            work = asyncio.get_running_loop().run_in_executor(
                self._worker, self._batching.answer_batch, requests
            )
            try:
                answers = await work
            except Exception as error:
                for one in batch:
                    if not one.answer.done():
                        one.answer.set_exception(error)
                continue
            for one, answer in zip(batch, answers, strict=True):
                if not one.answer.done():  # its caller may have disconnected
                    one.answer.set_result(answer)

    async def _gather(self) -> None:
        """Return when a batch is full, or its first request has waited for `wait_s`."""
        left = self._waiting[0].since + self._batching.wait_s - asyncio.get_running_loop().time()
        if len(self._waiting) < self._batching.most and left > 0:
            self._full.clear()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._full.wait(), left)
