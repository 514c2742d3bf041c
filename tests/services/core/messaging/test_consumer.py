"""What a consumer does with the outcome of each message."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from mypy_boto3_sqs.client import SQSClient

from services.core.messaging.consumer import Consumer, DeadLetter, Defer, Message, Outcome, failures
from services.core.telemetry import log_context
from services.core.trace import Span


class Bench:
    """A consumer over a queue for dead letters, and the pauses that it asks for."""

    def __init__(self, sqs: SQSClient) -> None:
        self.sqs = sqs
        self.dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
        self.pauses: list[int] = []

    def settle(
        self,
        *outcomes: Outcome | Exception,
        concurrent: bool = True,
        work: Callable[[Message], Awaitable[Outcome]] | None = None,
    ) -> list[str]:
        """Let messages 0, 1, … have these outcomes; returns the ids of those that stay."""

        async def given(message: Message) -> Outcome:
            outcome = outcomes[int(message.id)]
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        messages = [Message(str(number), "handle", f"body {number}", 1) for number in range(len(outcomes))]
        consumer = Consumer(self.sqs, "https://queue", self.dead, concurrent=concurrent)
        return asyncio.run(consumer.settle(messages, work or given))

    def letters(self) -> list[tuple[str, str]]:
        """The dead letters: their bodies and reasons."""
        found = self.sqs.receive_message(QueueUrl=self.dead, MessageAttributeNames=["All"])
        return [
            (one["Body"], one["MessageAttributes"]["reason"]["StringValue"])
            for one in found.get("Messages", [])
        ]


@pytest.fixture
def bench(aws: None, monkeypatch: pytest.MonkeyPatch) -> Bench:
    bench = Bench(boto3.client("sqs", region_name="ca-central-1"))

    def defer(**named: Any) -> None:
        bench.pauses.append(named["VisibilityTimeout"])

    monkeypatch.setattr(bench.sqs, "change_message_visibility", defer)
    return bench


def test_done_messages_may_go(bench: Bench) -> None:
    assert bench.settle(None, None) == []


def test_deferred_message_stays(bench: Bench) -> None:
    assert bench.settle(None, Defer(7, "later")) == ["1"]
    assert bench.pauses == [7]


def test_failed_message_stays_undeferred(bench: Bench) -> None:
    assert bench.settle(ZeroDivisionError(), None) == ["0"]
    assert bench.pauses == []


def test_dead_letter_holds_its_reason(bench: Bench) -> None:
    assert bench.settle(DeadLetter("no\n\x00report")) == []
    assert bench.letters() == [("body 0", "no report")]


def test_unsent_dead_letter_stays(bench: Bench) -> None:
    bench.sqs.delete_queue(QueueUrl=bench.dead)
    assert bench.settle(DeadLetter("no report")) == ["0"]


def test_refused_deferral_keeps_the_message(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "Any")

    monkeypatch.setattr(bench.sqs, "change_message_visibility", refuse)
    assert bench.settle(Defer(7, "later")) == ["0"]


@pytest.mark.parametrize(("concurrent", "most"), [(True, 3), (False, 1)])
def test_batch_is_concurrent_or_sequential(bench: Bench, concurrent: bool, most: int) -> None:
    running: list[str] = []
    seen: list[int] = []

    async def work(message: Message) -> Outcome:
        running.append(message.id)
        seen.append(len(running))
        await asyncio.sleep(0)
        running.remove(message.id)
        return None

    bench.settle(None, None, None, concurrent=concurrent, work=work)
    assert max(seen) == most


def test_log_lines_name_the_message(bench: Bench) -> None:
    contexts: list[Any] = []

    async def work(message: Message) -> Outcome:
        contexts.append(log_context.get())
        return None

    bench.settle(None, None, work=work, concurrent=False)
    assert [context["message_id"] for context in contexts] == ["0", "1"]
    assert contexts[0]["trace"] != contexts[1]["trace"]
    assert log_context.get() is None


def record(traceparent: dict[str, str] | None) -> dict[str, Any]:
    """A record of Lambda's event, with or without the attribute."""
    return {
        "messageId": "m",
        "receiptHandle": "handle",
        "body": "{}",
        "attributes": {"ApproximateReceiveCount": "1"},
        "messageAttributes": {} if traceparent is None else {"traceparent": traceparent},
    }


def test_message_continues_its_trace(bench: Bench) -> None:
    caller, contexts = Span.began(), []

    async def work(message: Message) -> Outcome:
        contexts.append(log_context.get() or {})
        return DeadLetter("no reason")

    given = record({"dataType": "String", "stringValue": caller.traceparent})
    asyncio.run(Consumer(bench.sqs, "https://queue", bench.dead).settle([Message.from_record(given)], work))
    (context,) = contexts
    assert (context["trace"], context["parent"]) == (caller.trace, caller.id)
    (letter,) = bench.sqs.receive_message(QueueUrl=bench.dead, MessageAttributeNames=["All"])["Messages"]
    found = letter["MessageAttributes"]["traceparent"]["StringValue"]
    assert found == f"00-{caller.trace}-{context['span']}-01"


@pytest.mark.parametrize("attribute", [None, {"dataType": "Binary", "binaryValue": "eA=="}])
def test_message_may_lack_a_trace(attribute: dict[str, str] | None) -> None:
    assert Message.from_record(record(attribute)).traceparent is None


@pytest.mark.parametrize(
    ("result", "outcome"),
    [
        (None, "done"),
        (Defer(7, "later"), "deferred"),
        (DeadLetter("x"), "dead-lettered"),
        (ZeroDivisionError(), "failed"),
    ],
)
def test_each_message_ends_in_one_line(
    bench: Bench, caplog: pytest.LogCaptureFixture, result: Outcome | Exception, outcome: str
) -> None:
    caplog.set_level(logging.INFO)
    bench.settle(result)
    (line,) = [each.__dict__ for each in caplog.records if hasattr(each, "duration_ms")]
    assert (line["outcome"], line["duration_ms"] >= 0) == (outcome, True)


def test_answer_names_unsettled_messages() -> None:
    assert failures(["1"]) == {"batchItemFailures": [{"itemIdentifier": "1"}]}
