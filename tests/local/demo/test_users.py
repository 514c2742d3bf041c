"""Signing in demo users, against the issuer's own app."""

import functools
from pathlib import Path

import httpx2
import jwt
import pytest
from starlette.testclient import TestClient

from cli.errors import UserError
from local import __main__ as commands
from local.demo import command
from local.fakes.identity.app import create_app
from local.fakes.identity.tokens import load_or_create_key

URL = "http://127.0.0.1:54321"


@pytest.fixture
def issuer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    app = TestClient(create_app(load_or_create_key(tmp_path / "key.pem"), f"{URL}/auth/v1"))

    def handle(request: httpx2.Request) -> httpx2.Response:
        answer = app.post(request.url.raw_path.decode(), content=request.content)
        return httpx2.Response(answer.status_code, content=answer.content)

    client = functools.partial(httpx2.Client, transport=httpx2.MockTransport(handle))
    monkeypatch.setattr("httpx2.Client", client)


def test_token_command_prints_only_the_token(
    issuer: None, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    outputs = {"SupabaseUrl": URL, "SupabasePublishableKey": "key"}
    monkeypatch.setattr("local.supervisor.account.stack_outputs", lambda home: outputs)
    assert commands.main(["token", "--user", "anna"]) == 0
    claims = jwt.decode(capsys.readouterr().out.strip(), options={"verify_signature": False})
    assert claims["email"] == "anna@vitrine.test"


def test_invalid_user_name_is_refused(issuer: None) -> None:
    with pytest.raises(UserError, match="refuses user 'a b'") as raised:
        command.sign_in(URL, "key", "a b")
    assert "letters, digits" in raised.value.hint


def test_unreachable_issuer_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectError("refused")

    client = functools.partial(httpx2.Client, transport=httpx2.MockTransport(refuse))
    monkeypatch.setattr("httpx2.Client", client)
    with pytest.raises(UserError, match="does not answer"):
        command.sign_in(URL, "key", "demo")
