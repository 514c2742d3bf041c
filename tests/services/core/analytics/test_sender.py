"""Sending events to a PostHog that takes them, and to one in trouble."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx2
import pytest
from pydantic import ValidationError

from services.core.analytics import sender as sending
from services.core.analytics.sender import AnalyticsSettings, Sender
from tests.loop_clock import let_pass

OK = httpx2.Response(200, json={"status": "Ok"})
Answer = Callable[[httpx2.Request], httpx2.Response] | Callable[[httpx2.Request], Awaitable[httpx2.Response]]


class PostHog:
    """Answers each request by the next of `answers`, the last one again and again; keeps what it was sent."""

    def __init__(self, *answers: httpx2.Response | Exception) -> None:
        self.answers = [*answers]
        self.requests: list[httpx2.Request] = []
        self.asked = asyncio.Event()
        self.stalls = False

    async def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        self.asked.set()
        if self.stalls:
            await asyncio.Event().wait()
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def sender(self) -> Sender:
        transport = httpx2.MockTransport(self.answer)
        return Sender("http://posthog", "phc_shop", lambda: httpx2.AsyncClient(transport=transport))

    @property
    def batches(self) -> list[list[int]]:
        """The numbers of the events of each request."""
        bodies = [json.loads(request.content) for request in self.requests]
        return [[event["number"] for event in body["batch"]] for body in bodies]


def lost(lines: list[str]) -> list[tuple[int, str]]:
    """The counts and reasons of the events that were logged as lost."""
    logged = [json.loads(line) for line in lines]
    return [(each["count"], each["reason"]) for each in logged if each["message"] == "events lost"]


def captured(sender: Sender, count: int) -> None:
    for number in range(count):
        sender.capture({"number": number})


def run(steps: Callable[[], Awaitable[None]]) -> None:
    async def all_steps() -> None:
        await steps()

    asyncio.run(all_steps())


def test_events_share_requests() -> None:
    posthog = PostHog(OK)

    async def steps() -> None:
        sender = posthog.sender()
        captured(sender, 250)
        await sender.close()

    run(steps)
    assert [len(batch) for batch in posthog.batches] == [100, 100, 50]
    assert [number for batch in posthog.batches for number in batch] == [*range(250)]
    (first, *_) = posthog.requests
    assert (str(first.url), first.headers["content-type"]) == ("http://posthog/batch/", "application/json")
    assert json.loads(first.content)["api_key"] == "phc_shop"


def test_events_are_sent_in_the_background(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "GATHER_S", 0.01)
    posthog = PostHog(OK)

    async def steps() -> None:
        sender = posthog.sender()
        captured(sender, 2)
        await asyncio.wait_for(posthog.asked.wait(), 10)
        await sender.close()

    run(steps)
    assert posthog.batches == [[0, 1]]


def test_full_queue_drops_the_oldest(log_lines: list[str]) -> None:
    posthog = PostHog(OK)

    async def steps() -> None:
        sender = posthog.sender()
        captured(sender, sending.MOST_WAITING + 3)
        await sender.close()

    run(steps)
    assert posthog.batches[0][0] == 3
    assert lost(log_lines) == [(3, sending.OVERFLOW)]


@pytest.mark.parametrize(
    ("answer", "reason", "requests"),
    [
        (httpx2.Response(401), sending.KEY_REFUSED, 1),
        (httpx2.Response(403), sending.KEY_REFUSED, 1),
        (httpx2.Response(400), sending.REFUSED, 1),
        (httpx2.Response(301, headers={"location": "http://elsewhere"}), sending.REFUSED, 1),
        (httpx2.Response(429), sending.BUSY, 2),
        (httpx2.Response(503), sending.BUSY, 2),
        (httpx2.Response(200, json={"status": "Ok", "quota_limited": ["events"]}), sending.QUOTA_USED, 1),
        (httpx2.ConnectError("no route to 10.0.0.1"), sending.AWAY, 1),
        (httpx2.RemoteProtocolError("no HTTP"), sending.AWAY, 1),
        (httpx2.ReadTimeout("late"), sending.SILENT, 1),
    ],
    ids=str,
)
def test_loss_has_its_reason_and_pauses(
    answer: httpx2.Response | Exception,
    reason: str,
    requests: int,
    monkeypatch: pytest.MonkeyPatch,
    log_lines: list[str],
) -> None:
    monkeypatch.setattr(sending, "RETRY_AFTER_S", 0.0)
    posthog = PostHog(answer)

    async def steps() -> None:
        sender = posthog.sender()
        captured(sender, 5)
        await sender.flush(2.0)
        assert lost(log_lines) == [(5, reason)]
        captured(sender, 4)
        await sender.flush(2.0)
        await sender.close()

    run(steps)
    assert len(posthog.requests) == requests
    assert lost(log_lines) == [(5, reason), (4, sending.ENDED)]


def test_busy_posthog_gets_them_again(monkeypatch: pytest.MonkeyPatch, log_lines: list[str]) -> None:
    monkeypatch.setattr(sending, "RETRY_AFTER_S", 0.0)
    posthog = PostHog(httpx2.Response(503), OK)

    async def steps() -> None:
        sender = posthog.sender()
        captured(sender, 2)
        await sender.close()

    run(steps)
    assert posthog.batches == [[0, 1], [0, 1]]
    assert lost(log_lines) == []


def test_no_retry_without_time(monkeypatch: pytest.MonkeyPatch, log_lines: list[str]) -> None:
    monkeypatch.setattr(sending, "RETRY_AFTER_S", 60.0)
    posthog = PostHog(httpx2.Response(503), OK)

    async def steps() -> None:
        sender = posthog.sender()
        captured(sender, 1)
        await sender.close(30.0)

    run(steps)
    assert len(posthog.requests) == 1
    assert lost(log_lines) == [(1, sending.BUSY)]


@pytest.mark.parametrize("in_background", [True, False])
def test_stalled_posthog_is_given_up(
    in_background: bool, monkeypatch: pytest.MonkeyPatch, log_lines: list[str]
) -> None:
    monkeypatch.setattr(sending, "GATHER_S", 0.0 if in_background else 60.0)
    monkeypatch.setattr(sending, "TIMEOUT_S", 60.0)
    posthog = PostHog(OK)
    posthog.stalls = True

    async def steps() -> None:
        sender = posthog.sender()
        captured(sender, 3)
        if in_background:
            await posthog.asked.wait()
            await sender.flush(0.05)
        else:
            flushing = asyncio.create_task(sender.flush(30.0))
            await posthog.asked.wait()
            let_pass(30.0)
            await flushing
        assert lost(log_lines) == [(3, sending.SILENT)]
        captured(sender, 2)
        # Paused: these ask nothing.
        await sender.flush(60.0)
        await sender.close(60.0)

    run(steps)
    assert len(posthog.requests) == 1
    assert lost(log_lines) == [(3, sending.SILENT), (2, sending.ENDED)]


def test_events_wait_for_the_pause_to_end(monkeypatch: pytest.MonkeyPatch, log_lines: list[str]) -> None:
    monkeypatch.setattr(sending, "PAUSE_S", 0.05)
    monkeypatch.setattr(sending, "GATHER_S", 0.0)
    posthog = PostHog(httpx2.Response(400), OK)

    async def steps() -> None:
        sender = posthog.sender()
        captured(sender, 1)
        await sender.flush(2.0)
        posthog.asked.clear()
        captured(sender, 2)
        await asyncio.wait_for(posthog.asked.wait(), 10)
        await sender.close()

    run(steps)
    assert posthog.batches == [[0], [0, 1]]
    assert lost(log_lines) == [(1, sending.REFUSED)]


def test_event_outside_of_a_loop_waits() -> None:
    posthog = PostHog(OK)
    sender = posthog.sender()
    captured(sender, 1)
    run(sender.close)
    assert posthog.batches == [[0]]
    captured(sender, 1)


def test_one_loop_runs_many_invocations() -> None:
    posthog = PostHog(OK)
    sender = posthog.sender()

    async def invoked() -> None:
        captured(sender, 1)

    with asyncio.Runner() as runner:
        for _ in range(3):
            runner.run(invoked())
            runner.run(sender.flush(2.0))
        runner.run(sender.close())
    assert posthog.batches == [[0]] * 3


def test_without_variables_nothing_is_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in AnalyticsSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    sender = Sender.build(AnalyticsSettings())

    async def steps() -> None:
        captured(sender, 2)
        await sender.flush(2.0)
        await sender.close()

    run(steps)
    assert not sender.is_on


def test_variables_choose_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    given: dict[str, Any] = {"posthog_capture_url": "https://eu.i.posthog.com"}
    for name in AnalyticsSettings.model_fields:
        monkeypatch.delenv(name.upper(), raising=False)
    assert Sender.build(AnalyticsSettings(**given, posthog_project_key="phc_shop")).is_on
    with pytest.raises(ValidationError, match="needed together"):
        AnalyticsSettings(**given)
