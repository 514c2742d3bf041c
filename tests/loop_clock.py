"""Lets time pass for an event loop, so that what has a time limit reaches it at once."""

import asyncio


def let_pass(seconds: float) -> None:
    """Set the clock of the running event loop forward."""
    loop = asyncio.get_running_loop()
    before = loop.time
    loop.time = lambda: before() + seconds  # type: ignore[method-assign]
