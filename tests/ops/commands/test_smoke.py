"""One photo through the public address: the calls, the output, and that no report is left."""

import json
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import boto3
import httpx2
import jwt
import pytest
from rich.console import Console

from cli.errors import UserError
from client import follow
from ops.commands.endpoint_checks import SAMPLE
from ops.commands.smoke import smoke
from settings.environment import Environment, load_environment
from tests.client.test_follow import Clock
from tests.local.demo.test_command import REPORT
from tests.ops.conftest import make_settings

URL, TOKEN = "https://api.shop.example", "token of a user"
OUTPUTS = {
    "ApiUrl": URL,
    "SupabaseUrl": "https://shop.supabase.example",
    "SupabasePublishableKey": "sb_publishable_1",
}
ID = REPORT["id"]
SLEEPING = {"id": ID, "status": "queued", "waiting": "the endpoint has no instance"}
Event = httpx2.Response | BaseException


@dataclass
class Service:
    """A deployed system on the wire. What a test puts into `posts`, `reads` and `erasures` answers first."""

    posts: list[Event] = field(default_factory=list)
    reads: list[Event] = field(default_factory=list)
    erasures: list[Event] = field(default_factory=list)
    requests: list[httpx2.Request] = field(default_factory=list)
    anonymous: list[Event] = field(default_factory=list)
    forged: int = 403
    sign_in: httpx2.Response = field(
        default_factory=lambda: httpx2.Response(200, json={"access_token": TOKEN})
    )
    reports: dict[str, str] = field(default_factory=dict)
    inside: list[tuple[str, bool]] = field(default_factory=list)

    def answer(self, request: httpx2.Request) -> httpx2.Response:
        self.requests.append(request)
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if request.url.path == "/auth/v1/token":
            assert json.loads(request.content) == {"email": "smoke@shop.example", "password": "secret"}
            return self.sign_in
        if not token:
            return self._next(self.anonymous) or httpx2.Response(401)
        if token not in (TOKEN, "given"):
            return httpx2.Response(self.forged)
        return {"POST": self._post, "GET": self._read, "DELETE": self._erase}[request.method](request)

    def _post(self, request: httpx2.Request) -> httpx2.Response:
        key = request.headers["idempotency-key"]
        said = self._next(self.posts)
        if said is None or said.status_code == 202:
            self.reports[ID] = key
        timing = {"Server-Timing": "photo;dur=35, model;dur=82"}
        return said or httpx2.Response(200, json=REPORT, headers=timing)

    def _read(self, request: httpx2.Request) -> httpx2.Response:
        return self._next(self.reads) or httpx2.Response(200, json=REPORT)

    def _erase(self, request: httpx2.Request) -> httpx2.Response:
        answer = self._next(self.erasures)
        if answer is None:
            self.reports.pop(request.url.path.rpartition("/")[2], None)
        return answer or httpx2.Response(200, json={"id": ID})

    def accept_and_raise(self, error: BaseException) -> None:
        """Let the next post be accepted, and its answer be lost."""
        self.posts.append(error)
        self.reports[ID] = "accepted"

    @staticmethod
    def _next(events: list[Event]) -> httpx2.Response | None:
        if not events:
            return None
        if isinstance(event := events.pop(0), BaseException):
            raise event
        return event

    def calls(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.requests]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(follow, "time", clock)
    return clock


@pytest.fixture
def service(monkeypatch: pytest.MonkeyPatch, clock: Clock) -> Service:
    service = Service()
    client = partial(httpx2.Client, transport=httpx2.MockTransport(service.answer))
    monkeypatch.setattr("httpx2.Client", client)
    monkeypatch.setattr("ops.commands.smoke._RETRY_S", 0)

    def inside(settings: Environment, *_: object, ask_async: bool) -> None:
        service.inside.append((settings.name, ask_async))

    monkeypatch.setattr("ops.commands.smoke.internal_checks", inside)
    return service


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_SMOKE_EMAIL", "smoke@shop.example")
    monkeypatch.setenv("SUPABASE_SMOKE_PASSWORD", "secret")


def try_it(settings: Environment | None = None, **options: Any) -> bool:
    session = boto3.Session("testing", "testing", region_name="ca-central-1")
    console = Console(highlight=False, markup=False, soft_wrap=True)
    return smoke(settings or make_settings(), session, OUTPUTS, console, **options)


def problem(status: int, after: str = "", **document: str) -> httpx2.Response:
    return httpx2.Response(status, json=document, headers={"Retry-After": after} if after else {})


def accepted() -> httpx2.Response:
    return httpx2.Response(202, json=SLEEPING, headers={"Location": f"reports/{ID}", "Retry-After": "30"})


def unfinished() -> httpx2.Response:
    return httpx2.Response(200, json=SLEEPING, headers={"Retry-After": "30"})


def test_photo_becomes_a_report(service: Service, user: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert try_it()
    assert service.inside == [("shop", False)]
    names = [
        "POST /analyze",
        "POST /analyze",
        "POST /auth/v1/token",
        "POST /analyze",
        f"DELETE /reports/{ID}",
    ]
    assert service.calls() == names
    assert SAMPLE.read_bytes() in service.requests[3].content
    assert service.reports == {}
    out = capsys.readouterr().out
    assert "answers 401 to a caller without a token" in out
    assert "Blue mug [with] a chip" in out
    assert "mug, ceramic; good, 8 of 10; seen by demo-a25cbd381272 at blip2-endpoint" in out
    assert "photo 35 ms, model 82 ms, the rest" in out
    assert "within the goal of 5–10 s" in out
    assert "✓ report and photo deleted" in out
    assert "secret" not in out and TOKEN not in out


def test_given_token_is_used(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_SMOKE_TOKEN", "given")
    assert try_it()
    assert service.requests[-1].headers["authorization"] == "Bearer given"


def test_without_user_endpoint_is_asked(service: Service, capsys: pytest.CaptureFixture[str]) -> None:
    assert not try_it()
    assert service.calls() == ["POST /analyze", "POST /analyze"]
    assert service.inside == [("shop", True)]
    out = capsys.readouterr().out
    assert "! Not proven: that a user's photo becomes a report." in out
    assert "VITRINE_SMOKE_TOKEN" in out


def test_open_gateway_fails(service: Service) -> None:
    service.anonymous = [httpx2.Response(422)]
    with pytest.raises(UserError, match="answered 422 to a caller without a token; 401 is right"):
        try_it()


@pytest.mark.parametrize("status", [401, 500, 422])
def test_accepted_forged_token_fails(service: Service, status: int) -> None:
    service.forged = status
    with pytest.raises(UserError, match=f"answered {status} to a forged token; 403 is right") as raised:
        try_it()
    assert "authorizer's log" in raised.value.hint


def test_forged_token_is_never_cached(service: Service) -> None:
    try_it()
    try_it()
    first, second = (service.requests[at].headers["authorization"].split()[1] for at in (1, 3))
    assert first != second
    assert jwt.get_unverified_header(first)["alg"] == "ES256"
    assert "kid" in jwt.get_unverified_header(first)


def test_emulator_skips_internal_checks(
    service: Service, user: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert try_it(load_environment("local"))
    assert service.inside == []
    assert "Tasks and endpoint were not checked: the emulator" in capsys.readouterr().out


def test_paused_model_skips_only_photo(
    service: Service, user: None, capsys: pytest.CaptureFixture[str]
) -> None:
    assert not try_it(make_settings(model={"paused": True}))
    assert service.calls() == ["POST /analyze", "POST /analyze"]
    assert service.inside[0][0] == "shop"
    assert "The photo was not tried: model.paused is true" in capsys.readouterr().out


def test_new_name_is_waited_for(service: Service) -> None:
    service.anonymous = [httpx2.ConnectError("no name")] * 2
    try_it(wait_s=60)
    assert len(service.requests) == 4


def test_unreachable_address_fails(service: Service) -> None:
    service.anonymous = [httpx2.ConnectError("no name")]
    with pytest.raises(UserError, match="does not answer"):
        try_it()


def test_sleeping_endpoint_is_followed(
    service: Service, user: None, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    service.posts = [accepted()]
    service.reads = [unfinished() for _ in range(14)]
    assert try_it()
    assert clock.now == 14 * 30
    assert service.reports == {}
    out = capsys.readouterr().out
    assert f"… accepted as {ID}; an endpoint at zero takes 5–10 minutes" in out
    assert "✓ 202 at first; the report after 420 s" in out
    assert "over the goal" not in out


def test_endpoint_that_stays_asleep_fails(service: Service, user: None, clock: Clock) -> None:
    service.posts, service.reads = [accepted()], [unfinished() for _ in range(99)]
    with pytest.raises(UserError, match=r"is still queued after 900 s: the endpoint has no instance"):
        try_it()
    assert service.reports == {}


def test_failed_report_is_erased(service: Service, user: None) -> None:
    failure = {"code": "model_refused", "reason": "no photo"}
    service.posts = [accepted()]
    service.reads = [httpx2.Response(200, json={"id": ID, "status": "failed", "failure": failure})]
    with pytest.raises(UserError, match="No report: model_refused: no photo"):
        try_it()
    assert service.reports == {}


@pytest.mark.parametrize("when", ["read", "lost answer"])
@pytest.mark.parametrize("error", [KeyboardInterrupt(), SystemExit(1)])
def test_interrupted_report_is_erased(service: Service, user: None, when: str, error: BaseException) -> None:
    if when == "read":
        service.posts, service.reads = [accepted()], [unfinished(), error]
    else:
        service.accept_and_raise(error)
        service.posts.append(accepted())
    with pytest.raises(type(error)):
        try_it()
    assert service.calls()[-1] == f"DELETE /reports/{ID}"
    assert service.reports == {}
    if when == "lost answer":
        first, second = (request for request in service.requests if "idempotency-key" in request.headers)
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
        assert second.headers["prefer"] == "respond-async"


def test_report_that_stays_is_named(service: Service, user: None, capsys: pytest.CaptureFixture[str]) -> None:
    service.posts, service.reads = [accepted()], [KeyboardInterrupt()]
    service.erasures = [problem(500)]
    with pytest.raises(KeyboardInterrupt):
        try_it()
    assert f"! The report {ID} stays: GET /reports lists it" in capsys.readouterr().out


def test_waking_gateway_is_retried(
    service: Service, user: None, clock: Clock, capsys: pytest.CaptureFixture[str]
) -> None:
    service.posts = [problem(503, message="Service Unavailable"), problem(503, after="20")]
    assert try_it()
    assert clock.pauses == [5, 20]
    keys = {request.headers.get("idempotency-key") for request in service.requests} - {None}
    assert len(keys) == 1


def test_lasting_outage_fails_after_minutes(service: Service, user: None, clock: Clock) -> None:
    service.posts = [problem(503, after="30", title="Storage unavailable") for _ in range(99)]
    with pytest.raises(UserError, match=r"No report: Storage unavailable \(503\)"):
        try_it()
    assert 240 <= clock.now <= 300


def test_erasure_survives_an_outage(service: Service, user: None) -> None:
    service.erasures = [problem(503), httpx2.ReadTimeout("lost")]
    assert try_it()
    assert service.reports == {}


def test_erasure_whose_answer_was_lost_counts(service: Service, user: None) -> None:
    service.erasures = [httpx2.ReadTimeout("lost"), problem(404, title="Report not found")]
    assert try_it()


@pytest.mark.parametrize("status", [404, 500])
def test_undeleted_report_fails(service: Service, user: None, status: int) -> None:
    service.erasures = [problem(status)]
    with pytest.raises(UserError, match=f"The report {ID} is not deleted"):
        try_it()


def test_slow_or_template_report_is_noted(
    service: Service, user: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("client.api.time", SimpleNamespace(perf_counter=iter([0.0, 12.0]).__next__))
    service.posts = [httpx2.Response(200, json={**REPORT, "narrative": "template"})]
    try_it()
    out = capsys.readouterr().out
    assert "! 12.0 s in all, over the goal of 5–10 s" in out
    assert "! The text is the template's" in out


def test_refused_user_fails(service: Service, user: None) -> None:
    service.sign_in = problem(400, msg="Invalid login credentials")
    with pytest.raises(UserError, match="Invalid login credentials") as raised:
        try_it()
    assert "secret" not in str(raised.value)


def test_named_failure_is_erased_and_shown(service: Service, user: None) -> None:
    document = {"title": "Report failed", "detail": "no endpoint", "remedy": "wait", "report": ID}
    service.posts, service.reports = [problem(502, **document)], {ID: "accepted"}
    with pytest.raises(UserError, match=r"No report: Report failed \(502\): no endpoint") as raised:
        try_it()
    assert raised.value.hint == f"wait. The service's log says more. report {ID}."
    assert service.reports == {}


def test_wrong_photo_was_not_accepted(service: Service, user: None) -> None:
    service.posts = [problem(415, title="Unsupported media", detail="no photo")]
    with pytest.raises(UserError, match="no photo"):
        try_it()
    assert not [call for call in service.calls() if call.startswith("DELETE")]


def test_answer_without_report_fails(service: Service, user: None) -> None:
    service.posts = [httpx2.Response(200, json={"hello": "world"})]
    with pytest.raises(UserError, match="The answer is no report"):
        try_it()
    assert service.reports == {}


def test_missing_photo_fails(service: Service, user: None) -> None:
    with pytest.raises(UserError, match=r"nowhere\.jpg cannot be read"):
        try_it(photo=Path("nowhere.jpg"))
