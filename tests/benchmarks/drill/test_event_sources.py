"""The drill's queues behave as in AWS: a message that is being handled is not delivered again meanwhile."""

import time
from typing import Any

import pytest

from benchmarks.drill import event_sources
from benchmarks.drill.event_sources import NONE, QueueSource


class Queue:
    """One message, and for how long it was hidden."""

    def __init__(self) -> None:
        self.hidden: list[int] = []
        self.deleted = 0

    def receive_message(self, **_: Any) -> dict[str, Any]:
        return {"Messages": [{"MessageId": "1", "ReceiptHandle": "r", "Body": "{}", "Attributes": {}}]}

    def change_message_visibility(self, *, VisibilityTimeout: int, **_: Any) -> None:  # noqa: N803
        self.hidden.append(VisibilityTimeout)

    def delete_message(self, **_: Any) -> None:
        self.deleted += 1


@pytest.fixture
def queue(monkeypatch: pytest.MonkeyPatch) -> Queue:
    queue = Queue()
    monkeypatch.setattr("boto3.client", lambda *_: queue)
    monkeypatch.setattr(event_sources, "PROLONG_EVERY_S", 0.01)
    return queue


def test_slow_handler_keeps_its_message(queue: Queue) -> None:
    def handle(event: dict[str, Any], _: object) -> dict[str, Any]:
        until = time.monotonic() + 10
        while not queue.hidden and time.monotonic() < until:
            time.sleep(0.01)
        return {"batchItemFailures": []}

    QueueSource("url", handle, NONE).poll()
    assert queue.hidden[0] == event_sources.PROLONGED_S
    assert queue.deleted == 1
    hidden = len(queue.hidden)
    time.sleep(0.05)
    assert len(queue.hidden) == hidden


def test_failed_message_stays(queue: Queue) -> None:
    QueueSource("url", lambda *_: {"batchItemFailures": [{"itemIdentifier": "1"}]}, NONE).poll()
    assert queue.deleted == 0
