"""The doctor as a whole, in moto's account."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber
from moto import mock_aws

from cli.findings import Finding, passed
from ops.__main__ import main
from ops.aws.linked_roles import LINKED_SERVICES
from ops.doctor.preflight import preflight
from tests.ops.conftest import KEY, make_settings

DOMAIN = {"name": "api.shop.example", "hosted_zone_id": "Z0123456789", "hosted_zone_name": "shop.example"}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    # moto has no quotas: those checks have their own tests. It answers Lambda's settings with a 404.
    for check in ("endpoint_instances", "fargate_vcpus"):
        monkeypatch.setattr(f"ops.doctor.quotas.{check}", lambda settings, client: iter(()))
    with mock_aws():
        yield boto3.Session(region_name="ca-central-1")


def by_subject(findings: list[Finding]) -> dict[str, str]:
    return {finding.subject: finding.level for finding in findings}


def test_empty_account_fails_every_check(account: boto3.Session) -> None:
    settings = make_settings(
        model={"artifact": KEY},
        domain=DOMAIN,
        zones=["ca-central-1a", "ca-central-1d"],
        supabase={"legacy_secret_name": "jwt"},
        image_digest=f"sha256:{'a' * 64}",
    )
    findings = preflight(settings, account, archive_given=False)
    assert not passed(findings)
    found = by_subject(findings)
    failed = {subject for subject, level in found.items() if level == "failure"}
    names = ("openai", "webhook", "hooks")
    secrets = {"secret jwt", *(f"secret vitrine/dev/{name}" for name in names)}
    assert failed == {"CDK bootstrap", "zones", "domain api.shop.example", "image", *secrets}
    assert found["model archive"] == "warning"
    assert found["endpoint name"] == "ok"
    assert found["service-linked roles"] == "warning"


def test_prepared_account_passes(account: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make_settings(model={"artifact": KEY})
    ssm, s3 = account.client("ssm"), account.client("s3")
    ssm.put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="28", Type="String")
    ssm.put_parameter(Name="/vitrine/shop/artifact-bucket", Value="artifacts", Type="String")
    s3.create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": "ca-central-1"})
    s3.put_object(Bucket="artifacts", Key=KEY, Body=b"test")
    for service in LINKED_SERVICES:
        account.client("iam").create_service_linked_role(AWSServiceName=service)
    for name in settings.secret_names():
        account.client("secretsmanager").create_secret(Name=name, SecretString="key")
    monkeypatch.setattr("ops.doctor.references.shutil.which", lambda tool: f"/bin/{tool}")
    findings = preflight(settings, account, archive_given=False)
    ill = {subject for subject, level in by_subject(findings).items() if level != "ok"}
    assert ill - {"image"} == {"Lambda concurrency", "smoke test's user"}
    assert passed(findings)


def test_without_credentials_checks_stop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    findings = preflight(make_settings(), boto3.Session(region_name="ca-central-1"), archive_given=False)
    assert by_subject(findings) == {
        "settings of shop": "ok",
        "smoke test's user": "warning",
        "credentials": "failure",
    }


def test_failure_gives_status_one(account: boto3.Session, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--env", "dev"]) == 1
    out = capsys.readouterr().out
    assert "account 123456789012" in out
    assert "hint: Run `make bootstrap ENV=dev`" in out
    assert "Not ready to be deployed: " in out


@pytest.mark.parametrize("spare", [0, 2])
def test_account_without_quotas_is_told_what_works(
    monkeypatch: pytest.MonkeyPatch, client: Callable[[str], Any], spare: int
) -> None:
    listed = [
        {"QuotaName": f"{kind} for endpoint usage", "QuotaCode": "L-1", "Value": value}
        for kind, value in (("ml.m5.large", 0.0), ("ml.t2.medium", float(spare)))
    ]
    limits, functions = client("service-quotas"), client("lambda")
    with mock_aws(), Stubber(limits) as quotas, Stubber(functions) as calls:
        for _ in range(2):  # for the settings' instance type, and for the one to offer
            quotas.add_response("list_service_quotas", {"Quotas": listed})
        quotas.add_response("get_service_quota", {"Quota": {"Value": 0.0}})
        calls.add_response("get_account_settings", {"AccountLimit": {"ConcurrentExecutions": 10}})
        account = boto3.Session(region_name="ca-central-1")
        real, stubbed = account.client, {"service-quotas": limits, "lambda": functions}
        monkeypatch.setattr(account, "client", lambda name, **more: stubbed.get(name) or real(name, **more))
        settings = make_settings(model={"instance_type": "ml.m5.large", "mode": "async", "min_instances": 0})
        findings = {one.subject: one for one in preflight(settings, account, archive_given=False)}
    assert {
        name: findings[name].level for name in ("endpoint quota", "Fargate quota", "Lambda concurrency")
    } == {
        "endpoint quota": "failure",
        "Fargate quota": "failure",
        "Lambda concurrency": "warning",
    }
    assert ("Or start today on ml.t2.medium" in findings["endpoint quota"].hint) is (spare > 0)
