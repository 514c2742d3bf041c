"""When a drill has come to rest: nothing is left to do anywhere, however long that takes on this machine."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

# Nothing pending in so many looks, one every LOOK_S: also late duplicates have arrived by then.
LOOKS, LOOK_S = 6, 1.0
# So long without any progress, the drill is stuck: longer than every pause, lease and sweep of the drill.
QUIET_S = 180.0


@dataclass(frozen=True)
class Look:
    """What is done so far, and what is still pending, by name: jobs, messages, records, rows."""

    done: int
    pending: Mapping[str, int]

    @property
    def left(self) -> dict[str, int]:
        """What is still pending, without the zeros."""
        return {name: count for name, count in self.pending.items() if count}

    def named(self) -> str:
        """Return what is left, as text."""
        return ", ".join(f"{count} {name.replace('_', ' ')}" for name, count in self.left.items())


class Stuck(Exception):
    """Nothing has moved for QUIET_S; the text says what is left."""


async def come_to_rest(
    look: Callable[[], Awaitable[Look]],
    say: Callable[[str], None],
    clock: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> None:
    """Return once nothing is pending in LOOKS successive looks.

    More done, or less pending than ever before since then, is progress. Raises Stuck after QUIET_S without.
    """
    calm, moved_at, done, least = 0, clock(), -1, 0
    while calm < LOOKS:
        seen = await look()
        left = sum(seen.left.values())
        if seen.done > done:
            done, least, moved_at = seen.done, left, clock()
        elif left < least:
            least, moved_at = left, clock()
        if left and clock() - moved_at > QUIET_S:
            raise Stuck(f"nothing has moved for {QUIET_S:.0f} s; left: {seen.named()}")
        calm = 0 if left else calm + 1
        if left:
            say(f"{seen.done} done; left: {seen.named()}")
        await sleep(LOOK_S)
