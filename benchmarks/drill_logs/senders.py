"""Six senders, as many as a drain has: each posts a batch, waits for its answer, and never posts it again."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass

import httpx2

from benchmarks.drill_logs.batches import Batch
from benchmarks.drill_logs.instance import PATH

SENDERS = 6
# As long as a drain waits for an answer.
PATIENCE_S = 5.0
# Before an instance that is starting is tried again.
STARTING_S = 0.05


@dataclass(frozen=True)
class Sent:
    """A batch that was posted, and what came of it; status 0 is no answer."""

    batch: Batch
    status: int
    text: str
    took_s: float

    @property
    def accepted(self) -> bool:
        """Whether the receiver has promised to write what it kept."""
        return 200 <= self.status < 300


class Senders:
    """Posts batches spread over `within_s` seconds to instances, each of which gets one at a time."""

    def __init__(
        self, batches: Sequence[Batch], receivers: Sequence[str], within_s: float, seed: int
    ) -> None:
        self._waiting = deque(batches)
        self._pace_s = within_s / max(1, len(batches))
        self._count = len(batches)
        self._chance = random.Random(seed)  # noqa: S311 - a drill's choice of instances
        self._idle = list(receivers)
        self._free = asyncio.Condition()
        self.sent: list[Sent] = []

    @property
    def left(self) -> int:
        """How many batches have no answer yet."""
        return self._count - len(self.sent)

    async def run(self) -> None:
        """Return once each batch was posted and answered, or not answered."""
        start = time.monotonic()
        async with httpx2.AsyncClient(trust_env=False, timeout=PATIENCE_S) as http:

            async def work() -> None:
                while self._waiting:
                    batch = self._waiting.popleft()
                    place = self._count - len(self._waiting)
                    await asyncio.sleep(max(0.0, start + place * self._pace_s - time.monotonic()))
                    self.sent.append(await self._post(http, batch))

            await asyncio.gather(*(work() for _ in range(SENDERS)))

    async def _post(self, http: httpx2.AsyncClient, batch: Batch) -> Sent:
        body, began = batch.body, time.perf_counter()
        while True:
            receiver = await self._take()
            try:
                answer = await http.post(f"{receiver}{PATH}", headers=batch.headers, content=body)
            except httpx2.ConnectError:
                # The gateway never passes a request to an instance that is not there.
                await asyncio.sleep(STARTING_S)
                continue
            except httpx2.TransportError as error:
                return Sent(batch, 0, type(error).__name__, time.perf_counter() - began)
            finally:
                await self._give_back(receiver)
            return Sent(batch, answer.status_code, answer.text, time.perf_counter() - began)

    async def _take(self) -> str:
        async with self._free:
            await self._free.wait_for(lambda: self._idle)
            return self._idle.pop(self._chance.randrange(len(self._idle)))

    async def _give_back(self, receiver: str) -> None:
        async with self._free:
            self._idle.append(receiver)
            self._free.notify()
