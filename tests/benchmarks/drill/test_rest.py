"""When a drill is judged: only at rest, on a machine of any speed, and never while something moves."""

import asyncio
from collections.abc import Callable, Sequence

import pytest

from benchmarks.drill.rest import LOOKS, QUIET_S, Look, Stuck, come_to_rest


def rest(looks: Callable[[float], Look], step_s: float = 1.0) -> float:
    """Return after how many seconds the drill is at rest."""
    now = 0.0

    async def look() -> Look:
        return looks(now)

    async def sleep(_: float) -> None:
        nonlocal now
        now += step_s

    asyncio.run(come_to_rest(look, lambda _: None, lambda: now, sleep))
    return now


@pytest.mark.parametrize("seconds_each", [0.1, 10, QUIET_S - 1])
def test_slow_machine_is_awaited(seconds_each: float) -> None:
    jobs = 463

    def looks(now: float) -> Look:
        done = min(jobs, int(now / seconds_each))
        return Look(done, {"reports_unfinished": jobs - done})

    assert rest(looks, step_s=seconds_each / 2) >= jobs * seconds_each


def test_draining_queue_is_progress() -> None:
    assert rest(lambda now: Look(10, {"messages": max(0, 40 - int(now / 100))}), 50) >= 4000


def test_stuck_drill_names_what_is_left() -> None:
    with pytest.raises(Stuck, match="nothing has moved for 180 s; left: 2 reports unfinished, 1 messages"):
        rest(lambda now: Look(7, {"reports_unfinished": 2, "messages": 1, "rows": 0}))


def test_restless_message_is_stuck() -> None:
    with pytest.raises(Stuck):
        rest(lambda now: Look(7, {"messages": 1 + int(now) % 3}))


def test_late_duplicate_delays_the_verdict() -> None:
    seen: Sequence[int] = (1, 0, 0, 1, 0, 0, 0)
    assert rest(lambda now: Look(1, {"messages": seen[int(now)] if now < len(seen) else 0})) == 4 + LOOKS
