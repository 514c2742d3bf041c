"""Sends events to PostHog in the background, within bounds: nobody waits for it, and it may be away.

Events wait in a queue that drops its oldest. One task posts them, at most MOST_AT_ONCE a request. A request
that fails loses its events, and pauses all sending for PAUSE_S: a PostHog that does not answer costs nothing
meanwhile. What was lost is counted and logged with its reason, at most once a pause and at the end.
"""

import asyncio
import json
import logging
import math
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from contextvars import Context
from http import HTTPStatus
from itertools import islice
from typing import Self

import httpx2
from pydantic import HttpUrl, model_validator

from services.core.analytics.events import Event
from services.core.secrets import Name, ServiceSettings

# An event has less than 2 kB: a full queue is 2 MB, a request 0.2 MB.
MOST_WAITING, MOST_AT_ONCE = 1000, 100
# Reports that end within this share a request.
GATHER_S = 1.0
TIMEOUT_S, RETRY_AFTER_S, PAUSE_S = 2.0, 0.3, 60.0
_REFUSALS = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN)
# The reasons of a loss.
OVERFLOW = "more events wait than fit into the queue"
ENDED = "the process ends before they are sent"
SILENT = "PostHog gives no answer in time"
AWAY = "PostHog cannot be reached"
KEY_REFUSED = "PostHog refuses the project key"
REFUSED = "PostHog refuses the request"
BUSY = "PostHog cannot take events now"
QUOTA_USED = "the quota of the PostHog project is used up"
logger = logging.getLogger(__name__)


def _client() -> httpx2.AsyncClient:
    # No connection is kept: one that has died while its Lambda was frozen would cost events and a pause.
    return httpx2.AsyncClient(limits=httpx2.Limits(max_keepalive_connections=0))


class AnalyticsSettings(ServiceSettings):
    """Where events go, and what they name; without the first two variables there are none.

    The project's key can only write events: it is no secret.
    """

    posthog_capture_url: HttpUrl | None = None
    posthog_project_key: Name | None = None
    environment: str = "none"
    version: str = "none"

    @model_validator(mode="after")
    def _both_or_neither(self) -> Self:
        if (self.posthog_capture_url is None) is not (self.posthog_project_key is None):
            raise ValueError("POSTHOG_CAPTURE_URL and POSTHOG_PROJECT_KEY are needed together")
        return self


class Sender:
    """Sends events to the project of `key` at `url`, PostHog's origin; without an `url` it does nothing.

    It belongs to one event loop.
    """

    def __init__(
        self,
        url: str | None = None,
        key: str = "",
        make_client: Callable[[], httpx2.AsyncClient] = _client,
    ) -> None:
        self._url = url
        self._key = key
        self._make_client = make_client
        self._client: httpx2.AsyncClient | None = None
        self._waiting: deque[Event] = deque(maxlen=MOST_WAITING)
        self._task: asyncio.Task[None] | None = None
        self._sending = asyncio.Lock()
        self._until = math.inf
        self._paused_until = -math.inf
        self._lost: dict[str, int] = {}

    @classmethod
    def build(cls, settings: AnalyticsSettings) -> "Sender":
        """Make the sender that the variables ask for; it connects to nothing yet."""
        if settings.posthog_capture_url is None:
            return cls()
        return cls(str(settings.posthog_capture_url).rstrip("/"), settings.posthog_project_key or "")

    @property
    def is_on(self) -> bool:
        """Whether events are sent at all."""
        return self._url is not None

    def capture(self, event: Event) -> None:
        """Have an event sent soon; never waits, and never raises."""
        if self._url is None:
            return
        if len(self._waiting) == MOST_WAITING:
            self._lose(1, OVERFLOW)
        self._waiting.append(event)
        # Outside of an event loop the next flush sends it.
        with suppress(RuntimeError):
            self._start()

    async def flush(self, within_s: float) -> None:
        """Send what waits, for at most `within_s` seconds; not during a pause, after which it is sent.

        A request that has no answer by then is given up, and its events are lost.
        """
        if self._url is None or self._is_paused():
            return
        self._until = asyncio.get_running_loop().time() + within_s
        try:
            async with asyncio.timeout(within_s):
                await self._send_all()
        except TimeoutError:
            # The task's request, which this has waited for, is given up too.
            await self._stop()
        finally:
            self._until = math.inf
            self._log_lost()

    async def close(self, within_s: float = 2.0) -> None:
        """Send what waits, for at most `within_s` seconds, and log what is lost; nothing is sent after it."""
        if self._url is None:
            return
        await self.flush(within_s)
        self._url = None
        await self._stop()
        self._lose(len(self._waiting), ENDED)
        self._waiting.clear()
        self._log_lost()
        if self._client is not None:
            await self._client.aclose()

    def _start(self) -> None:
        if self._task is None or self._task.done():
            loop = asyncio.get_running_loop()
            # Its log lines belong to no request.
            self._task = loop.create_task(self._send(), context=Context())

    async def _stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    async def _send(self) -> None:
        while self._waiting:
            await asyncio.sleep(max(GATHER_S, self._paused_until - time.time()))
            await self._send_all()

    async def _send_all(self) -> None:
        async with self._sending:
            while self._waiting and not self._is_paused():
                await self._send_some()
            self._log_lost()

    def _is_paused(self) -> bool:
        # By the wall clock: the event loop's may stand still while a Lambda is frozen.
        return time.time() < self._paused_until

    async def _send_some(self) -> None:
        """Send the oldest events; they leave the queue, sent or lost."""
        events = list(islice(self._waiting, MOST_AT_ONCE))
        for _ in events:
            self._waiting.popleft()
        loss: str | None = SILENT
        try:
            loss = await self._deliver(json.dumps({"api_key": self._key, "batch": events}).encode())
        finally:
            # Also if it was given up.
            if loss is not None:
                self._lose(len(events), loss)
                self._paused_until = time.time() + PAUSE_S

    async def _deliver(self, body: bytes) -> str | None:
        """Post the events, again if PostHog is busy and there is time; the reason if they are lost."""
        loop = asyncio.get_running_loop()
        loss = await self._post(body)
        if loss == BUSY and loop.time() + RETRY_AFTER_S < self._until:
            await asyncio.sleep(RETRY_AFTER_S)
            loss = await self._post(body)
        return loss

    async def _post(self, body: bytes) -> str | None:
        try:
            async with asyncio.timeout(TIMEOUT_S):
                if self._client is None:
                    # In a thread: it reads the certificates of all authorities, which takes 50 ms.
                    self._client = await asyncio.to_thread(self._make_client)
                answer = await self._client.post(
                    f"{self._url}/batch/", content=body, headers={"Content-Type": "application/json"}
                )
        except (TimeoutError, httpx2.TimeoutException):
            return SILENT
        except Exception:
            # Of any kind, such as an answer that is no HTTP: no report may depend on PostHog.
            return AWAY
        if answer.status_code in _REFUSALS:
            return KEY_REFUSED
        if answer.status_code == HTTPStatus.TOO_MANY_REQUESTS or answer.status_code >= 500:
            return BUSY
        if not answer.is_success:
            return REFUSED
        return QUOTA_USED if b"quota_limited" in answer.content else None

    def _lose(self, count: int, reason: str) -> None:
        if count:
            self._lost[reason] = self._lost.get(reason, 0) + count

    def _log_lost(self) -> None:
        for reason, count in self._lost.items():
            logger.warning("events lost", extra={"count": count, "reason": reason})
        self._lost.clear()
