"""The answers to the gateway, and their log lines."""

import importlib
import json
import sys
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import boto3
import pytest
from moto import mock_aws
from mypy_boto3_secretsmanager.client import SecretsManagerClient

from services.core.domain.errors import KeysUnavailable
from services.core.secrets import REREAD_AFTER_S
from tests.services.core.auth.issuer import USER, Issuer, running_issuer

OLD, NEW = ("old secret " * 4, "new secret " * 4)
REFUSED = {"isAuthorized": False, "context": {}}


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with running_issuer() as running:
        yield running


@pytest.fixture
def handler(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The function, started with the issuer's project."""
    monkeypatch.setenv("SUPABASE_URL", issuer.name.removesuffix("/auth/v1"))
    return start(monkeypatch)


def start(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.delitem(sys.modules, "services.authorizer.handler", raising=False)
    return importlib.import_module("services.authorizer.handler")


def event(authorization: str) -> dict[str, Any]:
    return {
        "version": "2.0",
        "type": "REQUEST",
        "identitySource": [authorization],
        "routeKey": "POST /analyze",
        "headers": {"authorization": authorization, "host": "api.example.com"},
        "requestContext": {"requestId": "request-1"},
    }


def test_valid_token_is_allowed(handler: ModuleType, issuer: Issuer) -> None:
    answer = handler.handle(event(f"Bearer {issuer.token()}"), None)
    assert answer == {"isAuthorized": True, "context": {"subject": USER}}


def test_scheme_ignores_case(handler: ModuleType, issuer: Issuer) -> None:
    assert handler.handle(event(f"bearer {issuer.token()}"), None)["isAuthorized"]


@pytest.mark.parametrize("authorization", ["", "Bearer", "Bearer ", "Basic dXNlcjpwYXNz", "Bearer nonsense"])
def test_non_bearer_is_refused(handler: ModuleType, authorization: str) -> None:
    assert handler.handle(event(authorization), None) == REFUSED


@pytest.mark.parametrize("changes", [{"is_anonymous": True}, {"role": "moderator"}])
def test_other_users_need_a_setting(
    handler: ModuleType, issuer: Issuer, monkeypatch: pytest.MonkeyPatch, changes: dict[str, Any]
) -> None:
    token = issuer.token(**changes)
    assert handler.handle(event(f"Bearer {token}"), None) == REFUSED
    monkeypatch.setenv("SUPABASE_ALLOW_ANONYMOUS", "true")
    monkeypatch.setenv("SUPABASE_ROLES", '["authenticated", "moderator"]')
    assert start(monkeypatch).handle(event(f"Bearer {token}"), None)["isAuthorized"]


def test_request_without_headers_is_refused(handler: ModuleType) -> None:
    assert handler.handle({"headers": None}, None) == REFUSED


def test_expired_token_is_refused(handler: ModuleType, issuer: Issuer) -> None:
    token = issuer.token(exp=int(time.time()) - 120)
    assert handler.handle(event(f"Bearer {token}"), None) == REFUSED


def test_unreachable_keys_are_an_error(handler: ModuleType, issuer: Issuer) -> None:
    issuer.status = 503
    with pytest.raises(KeysUnavailable):
        handler.handle(event(f"Bearer {issuer.token()}"), None)


@pytest.mark.parametrize("expires_in", [3600, -120])
def test_log_is_json_without_tokens(
    issuer: Issuer,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    expires_in: int,
) -> None:
    monkeypatch.setenv("SUPABASE_URL", issuer.name.removesuffix("/auth/v1"))
    handler = start(monkeypatch)
    token = issuer.token(exp=int(time.time()) + expires_in)
    handler.handle(event(f"Bearer {token}"), None)
    written = capsys.readouterr().out
    line = json.loads(written)
    assert line["message"] == "authorize"
    assert line["service"] == "authorizer"
    assert line["outcome"] == ("allowed" if expires_in > 0 else "refused")
    assert line["request"] == "request-1"
    assert not [part for part in token.split(".") if part in written]


class TestLegacySecret:
    """A project that signs with a shared secret, which Secrets Manager holds."""

    @pytest.fixture(autouse=True)
    def secrets(self, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> Iterator[SecretsManagerClient]:
        values = {
            "SUPABASE_URL": issuer.name.removesuffix("/auth/v1"),
            "SUPABASE_LEGACY_SECRET_NAME": "jwt",
            "AWS_DEFAULT_REGION": "ca-central-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        for name, value in values.items():
            monkeypatch.setenv(name, value)
        with mock_aws():
            client: SecretsManagerClient = boto3.client("secretsmanager", region_name="ca-central-1")
            client.create_secret(Name="jwt", SecretString=OLD)
            yield client

    def allowed(self, handler: ModuleType, issuer: Issuer, secret: str) -> bool:
        token = issuer.token(key=secret, kid=None, algorithm="HS256")
        return bool(handler.handle(event(f"Bearer {token}"), None)["isAuthorized"])

    def test_secret_is_read_by_name(self, issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
        handler = start(monkeypatch)
        assert self.allowed(handler, issuer, OLD)
        assert not self.allowed(handler, issuer, NEW)

    def test_rotated_secret_is_taken_up(
        self, issuer: Issuer, secrets: SecretsManagerClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        handler = start(monkeypatch)
        assert self.allowed(handler, issuer, OLD)
        secrets.put_secret_value(SecretId="jwt", SecretString=NEW)
        now = time.monotonic() + REREAD_AFTER_S
        monkeypatch.setattr(handler.VERIFIER._legacy, "_clock", lambda: now)
        assert self.allowed(handler, issuer, NEW)
        assert not self.allowed(handler, issuer, OLD)

    def test_other_tokens_read_no_secret(
        self, issuer: Issuer, secrets: SecretsManagerClient, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        secrets.delete_secret(SecretId="jwt", ForceDeleteWithoutRecovery=True)
        assert start(monkeypatch).handle(event(f"Bearer {issuer.token()}"), None)["isAuthorized"]


def test_legacy_secret_is_optional(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_URL", "https://project.supabase.co/")
    monkeypatch.setenv("SUPABASE_LEGACY_SECRET", "")
    settings = start(monkeypatch).AuthorizerSettings()
    assert settings.legacy_secret() is None
    assert settings.issuer == "https://project.supabase.co/auth/v1"


@pytest.mark.parametrize("url", ["https://Project.Supabase.co", "https://project.supabase.co:443/"])
def test_issuer_ignores_the_urls_spelling(monkeypatch: pytest.MonkeyPatch, url: str) -> None:
    monkeypatch.setenv("SUPABASE_URL", url)
    assert start(monkeypatch).AuthorizerSettings().issuer == "https://project.supabase.co/auth/v1"


def test_custom_domain_issuer_is_used(issuer: Issuer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_URL", "https://project.supabase.invalid")
    monkeypatch.setenv("SUPABASE_ISSUER", f"{issuer.name}/")
    handler = start(monkeypatch)
    assert handler.handle(event(f"Bearer {issuer.token()}"), None)["isAuthorized"]


@pytest.mark.parametrize("url", [None, "project.supabase.co"])
def test_wrong_project_url_stops_start(monkeypatch: pytest.MonkeyPatch, url: str | None) -> None:
    monkeypatch.delenv("SUPABASE_URL", raising=False)
    if url is not None:
        monkeypatch.setenv("SUPABASE_URL", url)
    with pytest.raises(ValueError, match="supabase_url"):
        start(monkeypatch)
