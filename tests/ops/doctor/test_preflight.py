"""The doctor as a whole, in an account as moto plays one."""

import io
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from moto import mock_aws
from rich.console import Console

from cli.findings import Finding, Level
from ops.__main__ import main
from ops.doctor.preflight import fit, preflight, show
from tests.ops.conftest import KEY, make_settings

DOMAIN = {"name": "api.shop.example", "hosted_zone_id": "Z1", "hosted_zone_name": "shop.example"}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[boto3.Session]:
    # moto plays no quotas: that look has its own tests. Lambda's settings it answers with a 404.
    monkeypatch.setattr("ops.doctor.quotas.endpoint_instances", lambda settings, client: iter(()))
    with mock_aws():
        yield boto3.Session(region_name="ca-central-1")


def by_subject(findings: list[Finding]) -> dict[str, Level]:
    return {finding.subject: finding.level for finding in findings}


def test_an_empty_account_lacks_bootstrap_and_secrets_and_all_is_told(account: boto3.Session) -> None:
    settings = make_settings(
        model={"artifact": KEY},
        domain=DOMAIN,
        zones=["ca-central-1a", "ca-central-1d"],
        supabase={"legacy_secret_name": "jwt"},
        image_digest=f"sha256:{'a' * 64}",
    )
    findings = preflight(settings, account, archive_at_hand=False)
    assert not fit(findings)
    found = by_subject(findings)
    failed = {subject for subject, level in found.items() if level is Level.FAILURE}
    names = ("openai", "webhook", "hooks")
    secrets = {"secret jwt", *(f"secret vitrine/dev/{name}" for name in names)}
    assert failed == {"CDK bootstrap", "zones", "domain api.shop.example", "image", *secrets}
    assert found["model archive"] is Level.WARNING
    assert found["endpoint name"] is Level.OK


def test_an_account_that_was_prepared_is_fit(account: boto3.Session, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make_settings(model={"artifact": KEY})
    ssm, s3 = account.client("ssm"), account.client("s3")
    ssm.put_parameter(Name="/cdk-bootstrap/hnb659fds/version", Value="28", Type="String")
    ssm.put_parameter(Name="/vitrine/shop/artifact-bucket", Value="artifacts", Type="String")
    s3.create_bucket(Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": "ca-central-1"})
    s3.put_object(Bucket="artifacts", Key=KEY, Body=b"test")
    for name in settings.secret_names():
        account.client("secretsmanager").create_secret(Name=name, SecretString="key")
    monkeypatch.setattr("ops.doctor.image.shutil.which", lambda tool: f"/bin/{tool}")
    findings = preflight(settings, account, archive_at_hand=False)
    ill = {subject for subject, level in by_subject(findings).items() if level is not Level.OK}
    assert ill - {"image"} == {"Lambda concurrency", "smoke test's user"}
    assert fit(findings)


def test_without_credentials_the_account_is_not_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.setenv(name, str(tmp_path / "none"))
    findings = preflight(make_settings(), boto3.Session(region_name="ca-central-1"), archive_at_hand=False)
    assert by_subject(findings) == {
        "settings of shop": Level.OK,
        "smoke test's user": Level.WARNING,
        "credentials": Level.FAILURE,
    }


@pytest.mark.parametrize("width", [60, 80, 200])
def test_the_table_tells_each_finding_with_its_cure(width: int) -> None:
    out = io.StringIO()
    findings = [
        Finding(Level.OK, "one", "is [well]"),
        Finding(Level.WARNING, "two", "may bite", "look at it"),
        Finding(Level.FAILURE, "three", "is missing", "make it"),
    ]
    show(findings, Console(file=out, width=width, highlight=False, markup=False, soft_wrap=True))
    said = out.getvalue()
    assert "✓  one" in said
    assert "is [well]" in said
    assert "hint: make it" in said
    assert "Not fit to be deployed: 1 failed, 1 warned." in said
    assert max(map(len, said.splitlines())) <= width


def test_the_status_is_one_when_something_failed(
    account: boto3.Session, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--env", "dev"]) == 1
    said = capsys.readouterr().out
    assert "account 123456789012" in said
    assert "make bootstrap ENV=dev" in said
