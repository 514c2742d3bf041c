"""What PostHog is told of the reports that jobs end, and what a stalled one costs the function."""

import asyncio
import json
from typing import Any

import httpx2
import pytest

from services.core.analytics import sender as sending
from services.core.analytics.events import Deployment
from services.core.analytics.report_analytics import ReportAnalytics
from services.core.analytics.sender import Sender
from services.core.messaging.consumer import Message
from services.core.telemetry import user_hash
from services.results import jobs
from tests.loop_clock import let_pass
from tests.services.results.queues import lambda_event
from tests.services.results.shop import ENDED, ID, RESUME, Shop, pending, result

DEPLOYED = Deployment("shop", "0123456789ab", "async")
STALLS_S = 30.0


class PostHog:
    """Keeps the events that it is sent; or never answers, whose caller then sees `STALLS_S` pass."""

    def __init__(self) -> None:
        self.stalls = False
        self.requests = 0
        self.events: list[dict[str, Any]] = []

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests += 1
        if self.stalls:
            let_pass(STALLS_S)
            await asyncio.Event().wait()
        self.events += json.loads(request.content)["batch"]
        return httpx2.Response(200, json={"status": "Ok"})

    def sender(self) -> Sender:
        transport = httpx2.MockTransport(self.answer)
        return Sender("http://posthog", "phc_shop", lambda: httpx2.AsyncClient(transport=transport))


class Settled:
    """A consumer that settles messages at once, and captures an event for each."""

    def __init__(self, sender: Sender) -> None:
        self.sender = sender

    async def settle(self, messages: list[Any]) -> list[str]:
        for _ in messages:
            self.sender.capture({"event": "report_completed"})
        return []


@pytest.fixture
def posthog() -> PostHog:
    return PostHog()


def settled(shop: Shop, posthog: PostHog, *messages: object) -> list[dict[str, Any]]:
    """Let jobs handle the messages; returns what PostHog got of it."""

    async def run() -> None:
        sender = posthog.sender()
        shop.analytics = ReportAnalytics(sender, DEPLOYED)
        bodies = [Message(str(at), "handle", json.dumps(body), 2) for at, body in enumerate(messages)]
        await shop._settle(bodies)
        await sender.close()

    asyncio.run(run())
    return posthog.events


def test_finished_report_and_its_call_are_told(shop: Shop, posthog: PostHog) -> None:
    shop.accept(lease=ENDED)
    call, report = settled(shop, posthog, RESUME, RESUME)
    assert (call["event"], report["event"]) == ("$ai_generation", "report_completed")
    # The shop's LLM does not answer.
    assert (call["properties"]["$ai_http_status"], call["properties"]["$ai_is_error"]) == (503, True)
    said = report["properties"]
    assert (said["narrative"], said["template_share"], said["photos"]) == ("template", 1.0, 1)
    assert said["cost_usd"] == shop.report().cost_usd
    assert {call["distinct_id"], report["distinct_id"]} == {user_hash("alice")}


def test_failed_report_is_told(shop: Shop, posthog: PostHog) -> None:
    shop.asynchronous = True
    shop.accept(lease=ENDED, pending=pending())
    reason = 'ClientError: Received client error (400) from model with message "x"'
    (report,) = settled(shop, posthog, result("Failed", reason))
    assert (report["event"], report["properties"]["outcome"]) == ("report_failed", "failed")
    assert report["properties"]["reason"] == shop.report().failure.code  # type: ignore[union-attr]


def test_events_hold_nothing_of_the_row(shop: Shop, posthog: PostHog) -> None:
    shop.accept(lease=ENDED)
    told = json.dumps(settled(shop, posthog, RESUME))
    report = shop.report()
    # The last is the caption that the endpoint gave.
    held = ["alice", ID, report.title, report.description, *shop.stored(), "a blue ceramic mug"]
    assert all(held)
    assert not [text for text in held if str(text) in told]


def test_invocation_sends_before_it_ends(
    shop: Shop, posthog: PostHog, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender, runner = posthog.sender(), asyncio.Runner()
    monkeypatch.setattr(jobs, "_start", lambda _: (runner, Settled(sender), sender))
    shop.sqs.send_message(QueueUrl=shop.queue_url, MessageBody=json.dumps(RESUME))
    event = lambda_event(shop.sqs, shop.queue_url)
    for count in (1, 2):
        jobs.handle(event, None)
        assert len(posthog.events) == count
    runner.close()


def test_stalled_posthog_costs_one_invocation(
    shop: Shop, posthog: PostHog, monkeypatch: pytest.MonkeyPatch
) -> None:
    posthog.stalls = True
    monkeypatch.setattr(jobs, "TELL_WITHIN_S", STALLS_S)
    monkeypatch.setattr(sending, "TIMEOUT_S", 2 * STALLS_S)
    sender, runner = posthog.sender(), asyncio.Runner()
    monkeypatch.setattr(jobs, "_start", lambda _: (runner, Settled(sender), sender))
    shop.sqs.send_message(QueueUrl=shop.queue_url, MessageBody=json.dumps(RESUME))
    event = lambda_event(shop.sqs, shop.queue_url)
    for _ in range(4):
        assert jobs.handle(event, None) == {"batchItemFailures": []}
    runner.run(sender.close())
    runner.close()
    assert posthog.requests == 1
