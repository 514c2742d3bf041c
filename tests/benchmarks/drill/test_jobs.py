"""The jobs of a drill: all ways to ask and to erase, the same for a seed."""

import asyncio
import random
from collections import Counter
from typing import Any

import pytest

from benchmarks.drill.jobs import Erasure, Job, Way, draw_jobs
from benchmarks.drill.runtime import RepeatingQueue
from local.fakes.sagemaker.async_inference import Invocation, OutputConfig

DEPLOYMENTS: Any = ["async", "realtime"]


def drawn(seed: int, count: int = 2000) -> list[Job]:
    chance = random.Random(seed)  # noqa: S311 - a drill's faults
    return draw_jobs(count, chance, DEPLOYMENTS, DEPLOYMENTS[0])


def test_seed_draws_the_same_jobs() -> None:
    assert drawn(7) == drawn(7)
    assert drawn(7) != drawn(1)


@pytest.mark.parametrize("seed", [1, 7])
def test_every_way_is_drilled(seed: int) -> None:
    counted = Counter((job.way, job.erasure) for job in drawn(seed))
    assert {way for way, _ in counted} == set(Way)
    assert {erasure for _, erasure in counted} == {*Erasure, None}
    assert min(counted.values()) >= 3


def test_database_asks_one_deployment() -> None:
    by_database = [job for job in drawn(1) if job.way != Way.API or job.erasure == Erasure.ROW]
    assert {job.deployment for job in by_database} == {DEPLOYMENTS[0]}


def test_notifications_come_one_to_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.drill.runtime.REPEATED_AFTER_S", 0.01)
    monkeypatch.setattr(RepeatingQueue, "pending", 0)
    monkeypatch.setattr(RepeatingQueue, "chance", random.Random(1))  # noqa: S311 - a drill's faults
    sent: Counter[str] = Counter()

    class Topics:
        def publish(self, *, TopicArn: str, Message: str) -> None:  # noqa: N803
            sent[Message.partition('"inferenceId": "')[2][:2]] += 1

    sns: Any = Topics()
    nothing: Any = None
    output = OutputConfig("bucket", "arn:aws:sns:ca-central-1:0:ok", "arn:aws:sns:ca-central-1:0:error")
    queue = RepeatingQueue("endpoint", nothing, output, nothing, sns)

    async def answer_all() -> None:
        for number in range(30):
            invocation = Invocation(f"{number:02}", {}, b"{}", None)
            queue.enqueue(invocation)
            await queue._notify(invocation, "Completed")
        while RepeatingQueue.pending:  # noqa: ASYNC110 a count, not an event
            await asyncio.sleep(0.01)

    asyncio.run(answer_all())
    assert set(sent.values()) == {1, 2, 3}
    assert len(sent) == 30
