"""How the service of reports ends."""

import asyncio
from types import SimpleNamespace
from typing import Any, cast

from services.core.pipeline.report_service import ReportService
from tests.loop_clock import let_pass


async def _hang() -> None:
    await asyncio.Event().wait()


def test_drain_waits_once_for_everything() -> None:
    async def drained() -> tuple[bool, bool]:
        undoing, task = asyncio.create_task(_hang()), asyncio.create_task(_hang())
        made: Any = SimpleNamespace(undoings={undoing})
        service = ReportService(made, cast("Any", None), cast("Any", None), 1.0, _tasks={cast("Any", task)})
        ending = asyncio.create_task(service.drain(100.0))
        await asyncio.sleep(0)
        let_pass(101.0)
        await asyncio.wait({ending}, timeout=5.0)
        left = undoing.cancel()
        return task.cancelled(), left

    assert asyncio.run(drained()) == (True, True)
