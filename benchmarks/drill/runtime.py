"""`python -m benchmarks.drill.runtime`: the fake SageMaker runtime, with the faults of an async endpoint.

Each notification arrives one to three times, and the repeated ones late and out of order. GET /pending counts
the requests and notifications that are still to come, and `answers.jsonl` says whose answer each object is.
"""

import asyncio
import random
from pathlib import Path

import click
import uvicorn
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from benchmarks.drill.fakes import Journal
from local.fakes.sagemaker.async_inference import InferenceQueue, Invocation, OutputConfig
from local.fakes.sagemaker.runtime import create_app

# Seconds after the first notification, at most.
REPEATED_AFTER_S = 6.0


class RepeatingQueue(InferenceQueue):
    """A queue whose notifications are published one to three times."""

    pending = 0
    chance = random.Random()  # noqa: S311 - a drill's faults
    journal: Journal | None = None

    def enqueue(self, invocation: Invocation) -> tuple[str, str]:
        """Queue a request, and note whose it is."""
        RepeatingQueue.pending += 1
        addresses = super().enqueue(invocation)
        if self.journal is not None:
            self.journal.note(inference=invocation.inference_id, stem=invocation.stem)
        return addresses

    async def _notify(self, invocation: Invocation, status: str, **details: object) -> None:
        for _ in range(self.chance.choice((0, 0, 1, 2))):
            RepeatingQueue.pending += 1
            task = asyncio.create_task(self._repeat(invocation, status, details))
            _tasks.add(task)
            task.add_done_callback(_tasks.discard)
        try:
            await super()._notify(invocation, status, **details)
        finally:
            RepeatingQueue.pending -= 1

    async def _repeat(self, invocation: Invocation, status: str, details: dict[str, object]) -> None:
        try:
            await asyncio.sleep(self.chance.uniform(0, REPEATED_AFTER_S))
            await super()._notify(invocation, status, **details)
        finally:
            RepeatingQueue.pending -= 1


_tasks: set[asyncio.Task[None]] = set()


@click.command()
@click.option("--port", type=int, required=True)
@click.option("--endpoint", "endpoints", type=(str, str), multiple=True, required=True, metavar="NAME URL")
@click.option("--asynchronous", type=(str, str, str), metavar="BUCKET SUCCESS_TOPIC ERROR_TOPIC")
@click.option("--folder", type=click.Path(path_type=Path), required=True)
@click.option("--seed", required=True)
def main(
    port: int,
    endpoints: tuple[tuple[str, str], ...],
    asynchronous: tuple[str, str, str] | None,
    folder: Path,
    seed: str,
) -> None:
    """Serve endpoints as local.fakes.sagemaker.runtime does."""
    RepeatingQueue.chance = random.Random(seed)  # noqa: S311 - a drill's faults
    RepeatingQueue.journal = Journal(folder / "answers.jsonl")
    output_config = OutputConfig(*asynchronous) if asynchronous else None
    app = create_app(dict(endpoints), output_config=output_config, queue_type=RepeatingQueue)

    async def pending(_: Request) -> Response:
        return JSONResponse(RepeatingQueue.pending)

    app.router.routes.append(Route("/pending", pending))
    uvicorn.run(app, port=port, access_log=False)


if __name__ == "__main__":
    main()
