"""An environment that is ready to be deployed, and AWS clients that answer what a test says."""

import tomllib
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cli.findings import Finding
from settings.environment import FOLDER, Environment

SHA = "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"  # of b"test"
KEY = f"models/{SHA}/blip2-endpoint.tar.gz"


def make_settings(**changes: Any) -> Environment:
    """Return dev's settings, filled in and with an endpoint always on, with changes: a section, or a key."""
    values = tomllib.loads((FOLDER / "dev.toml").read_text("utf-8"))
    values["supabase"] |= {"url": "https://shop.supabase.example", "publishable_key": "sb_publishable_1"}
    values["webhook"] |= {"url": "https://shop.supabase.example/functions/v1/report-ready"}
    values["alarms"] |= {"notify": "ops@shop.example"}
    values["model"] |= {"mode": "realtime", "instance_type": "ml.t2.medium", "min_instances": 1}
    for key, value in changes.items():
        values[key] = {**values.get(key, {}), **value} if isinstance(value, dict) else value
    return Environment.model_validate({"name": "shop", **values})


@pytest.fixture
def settings() -> Environment:
    return make_settings()


@pytest.fixture(autouse=True)
def no_account(monkeypatch: pytest.MonkeyPatch) -> None:
    """Keep the accounts that this machine knows away from the tests."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "CONTAINER_TOOL", "CDK_DOCKER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("POSTHOG_PERSONAL_API_KEY", raising=False)
    for name in ("VITRINE_SMOKE_TOKEN", "SUPABASE_SMOKE_EMAIL", "SUPABASE_SMOKE_PASSWORD"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture(scope="session")
def session() -> boto3.Session:
    return boto3.Session("testing", "testing", region_name="ca-central-1")


@pytest.fixture(scope="session")
def client(session: boto3.Session) -> Callable[[str], Any]:
    """A client of each service, made once: botocore reads long descriptions for it."""
    return cache(lambda service: session.client(service))


Stubbed = Callable[[str], tuple[Any, Stubber]]


@pytest.fixture
def stubbed(client: Callable[[str], Any]) -> Iterator[Stubbed]:
    """Stub a client; each response that a test prepares must be requested."""
    stubs: list[Stubber] = []

    def stub(service: str) -> tuple[Any, Stubber]:
        stubs.append(Stubber(client(service)))
        stubs[-1].activate()
        return client(service), stubs[-1]

    yield stub
    for each in stubs:
        each.deactivate()
    for each in stubs:
        each.assert_no_pending_responses()


def levels(findings: Iterator[Finding] | list[Finding]) -> list[str]:
    return [finding.level for finding in findings]
