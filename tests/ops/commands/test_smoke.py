"""One photo through the public address: the calls, the output, and that no report is left."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import boto3
import jwt
import pytest
from rich.console import Console

from cli.errors import UserError
from client import api
from client.api import Refused, RequestTiming, Unreachable
from ops.commands.internal_checks import SAMPLE
from ops.commands.smoke import smoke
from settings.environment import Environment, load_environment
from tests.local.demo.test_command import REPORT
from tests.ops.conftest import make_settings

OUTPUTS = {
    "ApiUrl": "https://api.shop.example",
    "SupabaseUrl": "https://shop.supabase.example",
    "SupabasePublishableKey": "sb_publishable_1",
}


class Api:
    """A system that answers as a test says, and the calls that it got."""

    def __init__(self) -> None:
        self.calls: list[tuple[Any, ...]] = []
        self.status, self.forged = 401, 403
        self.inside: list[str] = []
        self.timing = RequestTiming({"photo": 35.0, "model": 82.0}, 1130.0)
        self.report: dict[str, Any] = REPORT
        self.away = 0

    def status_without_token(self, url: str) -> int:
        self.calls.append(("without token",))
        if self.away:
            self.away -= 1
            raise Unreachable(url, "ConnectError")
        return self.status

    def status_with_token(self, url: str, token: str) -> int:
        self.calls.append(("forged", token))
        return self.forged

    def sign_in(self, url: str, key: str, email: str, password: str) -> str:
        self.calls.append(("sign in", url, key, email, password))
        return "token of a user"

    def post(
        self, url: str, token: str, photos: list[tuple[str, bytes]]
    ) -> tuple[dict[str, Any], RequestTiming]:
        self.calls.append(("post", url, token, photos))
        return self.report, self.timing

    def erase(self, url: str, token: str, report_id: str) -> None:
        self.calls.append(("erase", url, token, report_id))


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Api:
    system = Api()
    for name in ("status_without_token", "status_with_token", "sign_in", "post", "erase"):
        monkeypatch.setattr(api, name, getattr(system, name))
    monkeypatch.setattr("ops.commands.smoke._RETRY_S", 0)
    monkeypatch.setattr(
        "ops.commands.smoke.internal_checks", lambda settings, *_: system.inside.append(settings.name)
    )
    return system


@pytest.fixture
def user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_SMOKE_EMAIL", "smoke@shop.example")
    monkeypatch.setenv("SUPABASE_SMOKE_PASSWORD", "secret")


def console() -> Console:
    return Console(highlight=False, markup=False, soft_wrap=True)


def try_it(settings: Environment | None = None, **options: Any) -> bool:
    session = boto3.Session("testing", "testing", region_name="ca-central-1")
    return smoke(settings or make_settings(), session, OUTPUTS, console(), **options)


def raising(error: Exception) -> Callable[..., Any]:
    def fail(*arguments: Any) -> Any:
        raise error

    return fail


def refusal(status: int, **document: str) -> Refused:
    import httpx2

    return Refused("The gateway", httpx2.Response(status, json=document))


def test_photo_becomes_a_report(system: Api, user: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert try_it()
    assert system.inside == ["shop"]
    names = [call[0] for call in system.calls]
    assert names == ["without token", "forged", "sign in", "post", "erase"]
    del system.calls[1]
    url, token = OUTPUTS["ApiUrl"], "token of a user"
    assert system.calls[1][1:] == (
        OUTPUTS["SupabaseUrl"],
        OUTPUTS["SupabasePublishableKey"],
        "smoke@shop.example",
        "secret",
    )
    assert system.calls[2] == ("post", url, token, [("drawn-mug.jpg", SAMPLE.read_bytes())])
    assert system.calls[3] == ("erase", url, token, REPORT["id"])
    out = capsys.readouterr().out
    assert "answers 401 to a caller without a token" in out
    assert "Blue mug [with] a chip" in out
    assert "mug, ceramic; good, 8 of 10; seen by demo-a25cbd381272 at blip2-endpoint" in out
    assert "photo 35 ms, model 82 ms, the rest 1013 ms" in out
    assert "✓ 1.1 s in all, within the goal of 5–10 s" in out
    assert "✓ report and photo deleted" in out
    assert "secret" not in out and token not in out


def test_given_token_is_used(system: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITRINE_SMOKE_TOKEN", "given")
    try_it()
    assert [call[0] for call in system.calls] == ["without token", "forged", "post", "erase"]
    assert system.calls[2][2] == "given"


def test_without_user_no_photo_is_posted(system: Api, capsys: pytest.CaptureFixture[str]) -> None:
    assert not try_it()
    assert [call[0] for call in system.calls] == ["without token", "forged"]
    out = capsys.readouterr().out
    assert "! Not proven: that a user's photo becomes a report." in out
    assert "VITRINE_SMOKE_TOKEN" in out


def test_open_gateway_fails(system: Api) -> None:
    system.status = 422
    with pytest.raises(UserError, match="answered 422 to a caller without a token; 401 is right"):
        try_it()


@pytest.mark.parametrize("status", [401, 500, 422])
def test_accepted_forged_token_fails(system: Api, status: int) -> None:
    system.forged = status
    with pytest.raises(UserError, match=f"answered {status} to a forged token; 403 is right") as raised:
        try_it()
    assert "authorizer's log" in raised.value.hint


def test_forged_token_is_never_cached(system: Api) -> None:
    try_it()
    try_it()
    (first,), (second,) = (call[1:] for call in system.calls if call[0] == "forged")
    assert first != second
    assert jwt.get_unverified_header(first)["alg"] == "ES256"
    assert "kid" in jwt.get_unverified_header(first)


def test_emulator_skips_internal_checks(system: Api, user: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert try_it(load_environment("local"))
    assert system.inside == []
    assert "Tasks and endpoint were not checked: the emulator" in capsys.readouterr().out


def test_paused_model_skips_only_photo(system: Api, user: None, capsys: pytest.CaptureFixture[str]) -> None:
    assert not try_it(make_settings(model={"paused": True}))
    assert [call[0] for call in system.calls] == ["without token", "forged"]
    assert system.inside == ["shop"]
    assert "The photo was not tried: model.paused is true" in capsys.readouterr().out


def test_new_name_is_waited_for(system: Api) -> None:
    system.away = 2
    try_it(wait_s=60)
    assert len(system.calls) == 4


def test_unreachable_address_fails(system: Api) -> None:
    system.away = 1
    with pytest.raises(UserError, match="does not answer"):
        try_it()


def test_slow_or_template_report_is_noted(
    system: Api, user: None, capsys: pytest.CaptureFixture[str]
) -> None:
    system.timing = RequestTiming({}, 12_000.0)
    system.report = {**REPORT, "narrative": "template"}
    try_it()
    out = capsys.readouterr().out
    assert "! 12.0 s in all, over the goal of 5–10 s" in out
    assert "! The text is the template's" in out


def test_refused_user_fails(system: Api, user: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "sign_in", raising(refusal(400, msg="Invalid login credentials")))
    with pytest.raises(UserError, match="Invalid login credentials") as raised:
        try_it()
    assert "secret" not in str(raised.value)


def test_failed_report_is_deleted(system: Api, user: None, monkeypatch: pytest.MonkeyPatch) -> None:
    error = refusal(503, title="Model unavailable", detail="no endpoint", remedy="wait", report="01K")
    monkeypatch.setattr(api, "post", raising(error))
    with pytest.raises(UserError, match=r"No report: Model unavailable \(503\): no endpoint") as raised:
        try_it()
    assert raised.value.hint == "wait. The service's log says more. report 01K."
    assert system.calls[-1] == ("erase", OUTPUTS["ApiUrl"], "token of a user", "01K")


def test_answer_without_report_fails(system: Api, user: None) -> None:
    system.report = {"hello": "world"}
    with pytest.raises(UserError, match="The answer is no report"):
        try_it()


def test_undeleted_report_fails(system: Api, user: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api, "erase", raising(refusal(500)))
    with pytest.raises(UserError, match=f"The report {REPORT['id']} is not deleted"):
        try_it()


def test_missing_photo_fails(system: Api, user: None) -> None:
    with pytest.raises(UserError, match=r"nowhere\.jpg cannot be read"):
        try_it(photo=Path("nowhere.jpg"))
