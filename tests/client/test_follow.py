"""Reports that are accepted first and end later, by a service that answers as a test says."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from client import follow as module
from client.api import CallError, Posted, Refused, RequestTiming, Unreachable
from client.follow import NotEnded, ReportFailed, follow, retried
from tests.client.test_api import answering_each

URL = "https://api.shop.example"
ID = "01KAX5B2M3N4P5Q6R7S8T9V0W1"
QUEUED = {"id": ID, "status": "queued", "waiting": "the endpoint has no instance"}
DONE = {"id": ID, "status": "succeeded", "timings_ms": {"photo": 30, "model": 400_000, "narrate": None}}
Answers = Iterator[httpx2.Response | Exception]


class Clock:
    """Time that passes only in pauses."""

    def __init__(self) -> None:
        self.now = 0.0
        self.pauses: list[float] = []

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(module, "time", clock)
    return clock


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Callable[[Answers], list[httpx2.Request]]:
    return lambda answers: answering_each(monkeypatch, answers)


def accepted(location: str = f"reports/{ID}", api_url: str = URL, within_s: float = 900) -> Posted:
    return follow(
        api_url, "token", Posted(QUEUED, RequestTiming({}, 20_000), location), said.append, within_s
    )


said: list[str] = []


@pytest.fixture(autouse=True)
def _silence() -> None:
    said.clear()


def repeat(answer: httpx2.Response, times: int, then: httpx2.Response) -> Answers:
    yield from [answer] * times
    yield then


def answer(status: int, document: dict[str, Any], **headers: str) -> httpx2.Response:
    return httpx2.Response(
        status, json=document, headers={k.replace("_", "-"): v for k, v in headers.items()}
    )


def test_sleeping_endpoint_is_awaited(clock: Clock, serve: Any) -> None:
    requests = serve(repeat(answer(200, QUEUED, retry_after="30"), 14, answer(200, DONE)))
    posted = accepted()
    assert posted.report == DONE
    assert posted.ended
    assert posted.timing.total_ms == 20_000 + 14 * 30_000
    assert posted.timing.stages_ms == {"photo": 30, "model": 400_000}
    assert {str(request.url) for request in requests} == {f"{URL}/reports/{ID}"}
    assert requests[0].headers["authorization"] == "Bearer token"
    assert "the endpoint has no instance" in said[0]


def test_endless_report_is_given_up(clock: Clock, serve: Any) -> None:
    serve(repeat(answer(200, QUEUED, retry_after="30"), 99, answer(200, DONE)))
    with pytest.raises(NotEnded, match="is still queued after 900 s: the endpoint has no instance"):
        accepted()
    assert clock.now <= 900


def test_failed_report_says_why(clock: Clock, serve: Any) -> None:
    failure = {"code": "model_unavailable", "reason": "unavailable for 24 hours"}
    serve(iter([answer(200, {"id": ID, "status": "failed", "failure": failure})]))
    with pytest.raises(ReportFailed, match="model_unavailable: unavailable for 24 hours"):
        accepted()


def test_outage_while_following_is_survived(clock: Clock, serve: Any) -> None:
    outage = [answer(503, {"message": "Service Unavailable"}), httpx2.ConnectError("reset")]
    serve(iter([*outage, answer(200, DONE)]))
    assert accepted().report == DONE


def test_path_of_a_proxy_is_kept(clock: Clock, serve: Any) -> None:
    requests = serve(iter([answer(200, DONE)]))
    accepted(api_url="https://shop.example/api")
    assert str(requests[0].url) == f"https://shop.example/api/reports/{ID}"


@pytest.mark.parametrize("location", ["https://evil.example/reports/1", "//evil.example/reports/1", ""])
def test_token_goes_to_no_other_host(clock: Clock, serve: Any, location: str) -> None:
    requests = serve(iter([]))
    with pytest.raises(CallError):
        accepted(location)
    assert requests == []


def refusing(*errors: Exception) -> Callable[[], str]:
    left = list(errors)

    def call() -> str:
        if left:
            raise left.pop(0)
        return "answered"

    return call


def refused(status: int, after: str = "", **document: str) -> Refused:
    return Refused("The gateway", answer(status, document, **({"Retry_After": after} if after else {})))


def test_retry_after_is_honoured(clock: Clock) -> None:
    errors = [refused(503, "7"), refused(503), refused(503, "9999"), Unreachable(URL, "ReadTimeout")]
    assert retried(refusing(*errors), said.append) == "answered"
    assert clock.pauses == [7, 5, 60, 5]
    assert len(said) == 4


@pytest.mark.parametrize("error", [refused(503), Unreachable(URL, "ConnectError")])
def test_long_outage_is_raised(clock: Clock, error: Exception) -> None:
    with pytest.raises(type(error)):
        retried(refusing(*[error] * 999), said.append)
    assert 240 <= clock.now <= 300


@pytest.mark.parametrize("error", [refused(429, "5"), refused(500), refused(503, report=ID)])
def test_final_refusal_is_raised_at_once(clock: Clock, error: Exception) -> None:
    with pytest.raises(Refused):
        retried(refusing(error), said.append)
    assert clock.pauses == []
