"""Simulates an endpoint by events: requests that come, batches that end, instances that start and go.

An instance answers one batch at a time: one request, or in our own server as many of those that wait there
as `batch_up_to` allows. A realtime endpoint hands each request to an instance chosen at random, as SageMaker
does by default; an async one keeps them until an instance has fewer than `hands` requests.
"""

from __future__ import annotations

import heapq
import math
from collections import deque
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Literal, Protocol

import numpy as np

from planning.latency.scaling import MINUTE_S, START_S, Bounds, Mode, Policies

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

# Of an async endpoint, as stacks/constructs/async_io.py sets it: one in progress and one that waits for it.
ASYNC_HANDS = 2
_Event = Literal["answered", "started", "minute"]


class Seconds(Protocol):
    """Says how long a batch takes, by the numbers of its requests in the order of arrival."""

    def __call__(self, batch: Sequence[int], /) -> float:
        """Return the seconds of these requests together."""


@dataclass(frozen=True)
class Endpoint:
    """How an endpoint runs. `hands` None: each request goes to an instance at once, chosen at random."""

    mode: Mode
    bounds: Bounds
    hands: int | None
    batch_up_to: int = 1
    start_s: float = START_S

    @classmethod
    def of_mode(cls, mode: Mode, bounds: Bounds, batch_up_to: int = 1) -> Endpoint:
        """Return an endpoint as AWS runs it in this mode."""
        return cls(mode, bounds, ASYNC_HANDS if mode == "async" else None, batch_up_to)


@dataclass(frozen=True)
class Served:
    """What a simulation found: when each request was answered, and the instances over time.

    `changes` are times with the number of instances from then on, those that start included.
    """

    ended: NDArray[np.float64]
    changes: tuple[tuple[float, int], ...]

    @property
    def most_instances(self) -> int:
        """The most instances at any time."""
        return max(count for _, count in self.changes)

    def instance_seconds(self, begin: float, end: float) -> float:
        """Return the seconds of all instances between two times."""
        return sum(
            count * max(0.0, min(until, end) - max(since, begin))
            for (since, count), (until, _) in pairwise([*self.changes, (math.inf, 0)])
        )


@dataclass
class _Instance:
    waiting: deque[int] = field(default_factory=deque)
    in_hand: int = 0
    busy: bool = False


class Simulation:
    """One run over arrivals in order; `weekdays` are those of the simulated days, for a schedule."""

    def __init__(
        self,
        arrivals: NDArray[np.float64],
        seconds: Seconds,
        endpoint: Endpoint,
        random: np.random.Generator,
        weekdays: tuple[int, ...] = (),
    ) -> None:
        self._arrivals: list[float] = arrivals.tolist()
        self._choices: list[float] = random.random(arrivals.size).tolist() if endpoint.hands is None else []
        self._seconds, self._endpoint = seconds, endpoint
        self._ended = [math.nan] * arrivals.size
        self._heap: list[tuple[float, int, _Event, _Instance, tuple[int, ...]]] = []
        self._order = 0
        self._shared: deque[int] = deque()
        self._starting = self._backlog = self._of_minute = 0
        self._least = [] if endpoint.bounds.fixed else endpoint.bounds.least_by_minute(weekdays)
        least = self._least[0] if self._least else endpoint.bounds.least
        self._running = [_Instance() for _ in range(least)]
        self._changes = [(0.0, least)]
        self._policies = None if endpoint.bounds.fixed else Policies(endpoint.mode, endpoint.bounds)

    def run(self) -> Served:
        """Simulate until the last request is answered."""
        arrivals, heap = self._arrivals, self._heap
        if self._policies is not None and arrivals:
            self._push(MINUTE_S, "minute", _Instance())
        at, count, left = 0, len(arrivals), len(arrivals)
        while left:
            if at < count and (not heap or arrivals[at] <= heap[0][0]):
                self._arrive(arrivals[at], at)
                at += 1
                continue
            now, _, kind, instance, batch = heapq.heappop(heap)
            if kind == "answered":
                for one in batch:
                    self._ended[one] = now
                left -= len(batch)
                self._answered(now, instance, len(batch))
            elif kind == "started":
                self._starting -= 1
                self._running.append(instance)
                self._refill(now, instance)
            else:
                self._minute(now, arrivals[at] if at < count else now)
        return Served(np.asarray(self._ended), tuple(self._changes))

    def _push(self, at: float, kind: _Event, instance: _Instance, batch: tuple[int, ...] = ()) -> None:
        self._order += 1
        heapq.heappush(self._heap, (at, self._order, kind, instance, batch))

    def _arrive(self, now: float, one: int) -> None:
        self._backlog += 1
        self._of_minute += self._endpoint.mode == "realtime"
        running = self._running
        if not running:
            self._shared.append(one)
            return
        if self._endpoint.hands is None:
            chosen = running[int(self._choices[one] * len(running))]
        else:
            chosen = min(running, key=_in_hand) if len(running) > 1 else running[0]
            if chosen.in_hand >= self._endpoint.hands:
                self._shared.append(one)
                return
        chosen.in_hand += 1
        chosen.waiting.append(one)
        if not chosen.busy:
            self._begin(now, chosen)

    def _begin(self, now: float, instance: _Instance) -> None:
        waiting, most = instance.waiting, self._endpoint.batch_up_to
        batch = tuple(waiting.popleft() for _ in range(min(most, len(waiting))))
        instance.busy = True
        self._push(now + self._seconds(batch), "answered", instance, batch)

    def _answered(self, now: float, instance: _Instance, answered: int) -> None:
        instance.busy = False
        instance.in_hand -= answered
        self._backlog -= answered
        if self._endpoint.mode == "async":
            self._of_minute += answered
        self._refill(now, instance)

    def _refill(self, now: float, instance: _Instance) -> None:
        """Begin with what waits at the instance, then hand it more of what waits for any."""
        if instance.waiting:
            self._begin(now, instance)
        hands = self._endpoint.hands or math.inf
        if not self._shared or instance not in self._running:
            return
        while self._shared and instance.in_hand < hands:
            instance.in_hand += 1
            instance.waiting.append(self._shared.popleft())
            if not instance.busy:
                self._begin(now, instance)

    def _minute(self, now: float, next_arrival: float) -> None:
        running = len(self._running)
        following = now + MINUTE_S
        if not (running or self._starting or self._backlog or self._endpoint.bounds.schedule):
            following += max(0.0, next_arrival - following) // MINUTE_S * MINUTE_S  # nothing happens before
        self._push(following, "minute", _Instance())
        requests, self._of_minute = self._of_minute, 0
        if self._starting or self._policies is None:
            return
        minute = int(now // MINUTE_S)
        least = self._least[minute] if minute < len(self._least) else self._endpoint.bounds.least
        wanted = self._policies.wanted(now, running, least, requests, self._backlog)
        for _ in range(wanted - running):
            self._starting += 1
            self._push(now + self._endpoint.start_s, "started", _Instance())
        for _ in range(running - wanted):
            # It answers what it has in hand and gets nothing more.
            self._running.remove(min(self._running, key=_in_hand))
        if wanted != running:
            self._changes.append((now, wanted))


def _in_hand(instance: _Instance) -> int:
    return instance.in_hand


def simulate(
    arrivals: NDArray[np.float64],
    seconds: Seconds,
    endpoint: Endpoint,
    random: np.random.Generator,
    weekdays: tuple[int, ...] = (),
) -> Served:
    """Return when requests that come at these seconds are answered by an endpoint."""
    return Simulation(arrivals, seconds, endpoint, random, weekdays).run()
