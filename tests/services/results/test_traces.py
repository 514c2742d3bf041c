"""The trace of a report through the functions: each hop continues the one before, for every trigger."""

import asyncio
import json
import logging

import pytest

from services.core.domain.observation import PendingInference
from services.core.domain.report import Status
from services.core.domain.stored_report import ReportRef, seconds_now
from services.core.messaging.consumer import Message
from services.core.telemetry import log_context
from services.core.trace import hop
from services.results.sweep import sweep
from tests.services.results.queues import lambda_event
from tests.services.results.shop import ANSWER, ID, Shop

REF = ReportRef("alice", ID)


def handle(shop: Shop) -> list[str]:
    """Let the jobs function handle what its queue holds."""
    records = lambda_event(shop.sqs, shop.queue_url)["Records"]
    return asyncio.run(shop._settle([Message.from_record(record) for record in records]))


def test_job_continues_its_senders_trace(shop: Shop) -> None:
    with hop(None):
        shop.accept()
    with hop(None) as sender:
        shop.queue.send(REF, 0)
    assert handle(shop) == []
    (attributes,) = shop.attributes
    assert attributes.startswith(f"traceparent=00-{sender.trace}-")
    assert attributes[-19:-3] != sender.id


def test_swept_report_continues_its_own_trace(shop: Shop, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with hop(None) as accepting:
        shop.accept()
    assert sweep(shop.leases, shop.queue, idle_s=-60) == 1
    (found,) = [record.__dict__ for record in caplog.records if record.message == "idle report found"]
    assert handle(shop) == []
    assert shop.attributes[0].startswith(f"traceparent=00-{accepting.trace}-")
    assert found["idle_s"] <= seconds_now()


def test_endpoints_answer_continues_the_rows_trace(shop: Shop) -> None:
    # SageMaker's notification names no trace.
    shop.asynchronous = True
    inference, seen = f"{ID}.0011223344556677", []
    with hop(None) as accepting:
        shop.accept(pending=PendingInference(None, ANSWER, seconds_now(), 1, inference))
    shop.store_answer()
    shop.during_llm = lambda: seen.append(log_context.get() or {})
    answered = {"inferenceId": inference, "invocationStatus": "Completed"}
    assert shop.settle(answered) == []
    assert [(line["trace"], line["parent"]) for line in seen] == [(accepting.trace, accepting.id)]


def test_ended_row_keeps_its_trace(shop: Shop) -> None:
    with hop(None) as accepting:
        shop.accept()
    shop.settle(json.loads(REF.to_json()))
    stored = shop.reports.get("alice", ID)
    assert (stored.report.status, stored.traceparent) == (Status.SUCCEEDED, accepting.traceparent)


def test_row_without_a_trace_is_processed(shop: Shop) -> None:
    shop.accept()
    shop.queue.send(REF, 0)
    assert handle(shop) == []
    assert shop.attributes[0].startswith("traceparent=00-")


def test_erasure_takes_the_requests_trace(shop: Shop) -> None:
    with hop(None):
        shop.accept()
    with hop(None) as erasing:
        assert shop.reports.start_erasure(REF).traceparent == erasing.traceparent
    with hop(None):
        assert shop.reports.start_erasure(REF, only_resume=True).traceparent == erasing.traceparent
