"""Whose account it is, and whether the CDK may deploy into it."""

import json
from pathlib import Path

import boto3
import pytest

from ops.doctor import account
from ops.doctor.preflight import collect
from settings.environment import Environment
from tests.ops.conftest import Stubbed, levels
from tests.stacks.assemblies import assembled

PARAMETER = {"Name": "/cdk-bootstrap/hnb659fds/version"}


def test_account_and_identity_are_shown(settings: Environment, stubbed: Stubbed) -> None:
    sts, stub = stubbed("sts")
    arn = "arn:aws:sts::123456789012:assumed-role/deployer/ana"
    stub.add_response("get_caller_identity", {"Account": "123456789012", "Arn": arn, "UserId": "x"}, {})
    (finding,) = account.credentials(settings, sts)
    assert finding.level == "ok"
    assert "account 123456789012, region ca-central-1" in finding.text


def test_missing_credentials_fail(
    settings: Environment, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    sts = boto3.Session(region_name="ca-central-1").client("sts")
    (finding,) = account.credentials(settings, sts)
    assert (finding.level, finding.text) == ("failure", "Unable to locate credentials.")
    assert "aws sso login" in finding.hint


@pytest.mark.parametrize("code", ["ExpiredToken", "InvalidClientTokenId", "UnrecognizedClientException"])
def test_refused_credentials_fail(settings: Environment, stubbed: Stubbed, code: str) -> None:
    sts, stub = stubbed("sts")
    stub.add_client_error("get_caller_identity", code)
    (finding,) = collect("credentials", lambda: account.credentials(settings, sts))
    assert finding.level == "failure"
    assert "Sign in again" in finding.hint


@pytest.mark.parametrize(("version", "level"), [("6", "ok"), ("28", "ok"), ("5", "failure")])
def test_old_bootstrap_fails(settings: Environment, stubbed: Stubbed, version: str, level: str) -> None:
    ssm, stub = stubbed("ssm")
    stub.add_response("get_parameter", {"Parameter": {"Value": version}}, PARAMETER)
    assert levels(account.bootstrap(settings, ssm)) == [level]


def test_missing_bootstrap_fails(settings: Environment, stubbed: Stubbed) -> None:
    ssm, stub = stubbed("ssm")
    stub.add_client_error("get_parameter", "ParameterNotFound", expected_params=PARAMETER)
    (finding,) = account.bootstrap(settings, ssm)
    assert (finding.level, "make bootstrap ENV=shop" in finding.hint) == ("failure", True)


def test_templates_need_the_checked_bootstrap(settings: Environment) -> None:
    manifest = assembled(settings).folder / "manifest.json"
    artifacts = json.loads(manifest.read_text())["artifacts"].values()
    needed = {
        one["properties"].get("requiresBootstrapStackVersion", 0) for one in artifacts if "properties" in one
    }
    assert max(needed) == account.BOOTSTRAP_VERSION
