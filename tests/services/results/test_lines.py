"""The lines of a job, and the metrics on them."""

import json
from typing import Any

from services.core.domain.stored_report import ReportRef
from services.core.messaging.attributes import delay_attributes
from services.core.messaging.consumer import Message
from services.core.telemetry import user_hash
from tests.embedded_metrics import extracted
from tests.services.results.shop import ENDED, ID, RESUME, Shop, pending, result

NOW_MS = 1_795_000_000_000


def named(lines: list[str], message: str) -> list[str]:
    return [line for line in lines if json.loads(line)["message"] == message]


def record(sent_ms: int, first_ms: int, attempt: int = 1, **attributes: str) -> dict[str, Any]:
    return {
        "messageId": "m-1",
        "receiptHandle": "handle",
        "body": "{}",
        "attributes": {
            "ApproximateReceiveCount": str(attempt),
            "SentTimestamp": str(sent_ms),
            "ApproximateFirstReceiveTimestamp": str(first_ms),
        },
        "messageAttributes": {
            name: {"dataType": "Number", "stringValue": value} for name, value in attributes.items()
        },
    }


def test_succeeded_report_is_one_line(shop: Shop, log_lines: list[str]) -> None:
    shop.accept(lease=ENDED)
    shop.settle(RESUME)
    (text,) = named(log_lines, "report ended")
    line, metrics = json.loads(text), extracted(text)
    assert (line["report"], line["user"], line["outcome"]) == (ID, user_hash("alice"), "succeeded")
    assert (line["level"], line["cost_usd"]) == ("INFO", shop.report().cost_usd)
    assert metrics["ReportsSucceeded"][0] == 1
    assert metrics["ReportsFailed"][0] == 0
    assert metrics["ReportLatency"][0] == line["duration_ms"]
    assert metrics["ModelLatency"][0] == line["stages_ms"]["model"]
    # The shop's LLM does not answer.
    assert (metrics["ReportsTemplated"][0], metrics["LlmTokens"][0]) == (1, 0)
    assert metrics["ColdWakes"][0] == 0


def test_repeated_message_ends_no_report_again(shop: Shop, log_lines: list[str]) -> None:
    shop.accept(lease=ENDED)
    shop.settle(RESUME, RESUME)
    shop.settle(RESUME)
    assert len(named(log_lines, "report ended")) == 1


def test_failed_report_names_its_code(shop: Shop, log_lines: list[str]) -> None:
    shop.asynchronous = True
    shop.accept(pending=pending())
    shop.settle(result("Failed", 'ClientError: Received client error (400) from model with message "x"'))
    (text,) = named(log_lines, "report ended")
    line, metrics = json.loads(text), extracted(text)
    assert (line["level"], line["outcome"]) == ("WARNING", "failed")
    failure = shop.report().failure
    assert failure is not None
    assert line["reason"] == failure.code
    assert (metrics["ReportsFailed"][0], metrics["ReportsSucceeded"][0]) == (1, 0)


def test_report_that_waits_has_not_ended(shop: Shop, log_lines: list[str]) -> None:
    shop.accept(lease=ENDED)
    shop.status = 503
    shop.settle(RESUME)
    assert named(log_lines, "report ended") == []
    (text,) = named(log_lines, "message deferred")
    assert json.loads(text)["report"] == ID


def test_slow_inference_is_a_cold_wake(shop: Shop, log_lines: list[str]) -> None:
    shop.asynchronous = True
    shop.accept(pending=pending(ago_s=300))
    shop.store_answer()
    shop.settle(result())
    (text,) = named(log_lines, "report ended")
    assert extracted(text)["ColdWakes"][0] == 1


def test_queue_age_leaves_out_the_wanted_delay() -> None:
    assert Message.from_record(record(NOW_MS, NOW_MS + 92_500, delay_s="90")).waited_s == 2.5
    assert Message.from_record(record(NOW_MS, NOW_MS + 400)).waited_s == 0.4


def test_queue_age_counts_once() -> None:
    assert Message.from_record(record(NOW_MS, NOW_MS + 400, attempt=2)).waited_s is None


def test_odd_clock_gives_no_negative_age() -> None:
    assert Message.from_record(record(NOW_MS, NOW_MS - 400)).waited_s == 0
    assert Message.from_record(record(NOW_MS, NOW_MS + 400, delay_s="90")).waited_s == 0
    assert Message.from_record(record(NOW_MS, NOW_MS + 400, delay_s="-1")).waited_s == 0.4
    assert Message.from_record(record(NOW_MS, NOW_MS + 400, delay_s="x")).waited_s == 0.4


def test_message_says_its_delay(shop: Shop) -> None:
    for delay_s in (0, 5000):
        shop.queue.send(ReportRef("alice", ID), delay_s)
    found = shop.sqs.receive_message(
        QueueUrl=shop.queue_url, MaxNumberOfMessages=10, MessageAttributeNames=["All"]
    )
    # The other one is delivered later.
    (message,) = found["Messages"]
    assert "delay_s" not in message.get("MessageAttributes", {})
    # SQS's longest delay, which the queue applies.
    assert delay_attributes(900)["delay_s"] == {"DataType": "Number", "StringValue": "900"}
