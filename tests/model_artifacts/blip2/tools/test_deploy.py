"""Deployment by the SDK, in the emulator."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from moto import mock_aws

from model_artifacts.blip2.tools.deploy import deploy
from model_artifacts.blip2.tools.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ROLE = "arn:aws:iam::123456789012:role/model"


@pytest.fixture
def sagemaker(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    monkeypatch.setattr("model_artifacts.blip2.tools.deploy.LOGS", tmp_path)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    monkeypatch.setattr("time.sleep", lambda _seconds: None)  # the SDK waits half a minute
    # The SDK validates its constant configuration at each look at it, which is three quarters of the time.
    monkeypatch.setattr("jsonschema.validate", lambda *_: None)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ca-central-1")
    with mock_aws():
        yield boto3.client("sagemaker", region_name="ca-central-1")


def deployed(source: Path | str) -> str:
    return deploy("mine", source, ROLE, "ml.g4dn.xlarge", region="ca-central-1")


def events(folder: Path) -> list[dict[str, str]]:
    return [json.loads(line) for line in (folder / "deploy-mine.jsonl").read_text("utf-8").splitlines()]


def served(sagemaker: Any, config: str | None = None) -> str:
    config = config or sagemaker.describe_endpoint(EndpointName="mine")["EndpointConfigName"]
    described = sagemaker.describe_endpoint_config(EndpointConfigName=config)
    model = sagemaker.describe_model(ModelName=described["ProductionVariants"][0]["ModelName"])
    place: str = model["PrimaryContainer"]["ModelDataUrl"]
    return place


def test_endpoint_is_created(sagemaker: Any) -> None:
    assert deployed("s3://a/one.tar.gz") == "mine: created, serves s3://a/one.tar.gz"
    assert served(sagemaker) == "s3://a/one.tar.gz"


def test_existing_endpoint_is_updated(sagemaker: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    deployed("s3://a/one.tar.gz")
    asked: list[tuple[str, str]] = []
    # The emulator has no UpdateEndpoint.
    monkeypatch.setattr(
        "sagemaker.session.Session.update_endpoint", lambda _self, *names, **_more: asked.append(names)
    )
    assert deployed("s3://a/two.tar.gz") == "mine: updated, serves s3://a/two.tar.gz"
    ((name, config),) = asked
    assert name == "mine"
    assert served(sagemaker, config) == "s3://a/two.tar.gz"


def test_archive_is_uploaded_by_hash(sagemaker: Any, tmp_path: Path) -> None:
    archive = tmp_path / "any.tar.gz"
    archive.write_bytes(b"test")
    deployed(archive)
    bucket, key = served(sagemaker).removeprefix("s3://").split("/", 1)
    assert key.startswith("models/9f86d081884c7d65")
    assert boto3.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == b"test"


def test_stack_owned_endpoint_is_refused(sagemaker: Any, tmp_path: Path) -> None:
    deployed("s3://a/one.tar.gz")
    arn = sagemaker.describe_endpoint(EndpointName="mine")["EndpointArn"]
    owner = {"Key": "aws:cloudformation:stack-name", "Value": "vitrine-prod-model"}
    sagemaker.add_tags(ResourceArn=arn, Tags=[owner])
    with pytest.raises(ArtifactError, match=r"stack vitrine-prod-model.* ops release --env"):
        deployed("s3://a/two.tar.gz")
    assert served(sagemaker) == "s3://a/one.tar.gz"
    created, refused = events(tmp_path)
    assert (created["event"], created["place"]) == ("created", "s3://a/one.tar.gz")
    assert (refused["event"], refused["endpoint"]) == ("refused", "mine")
    assert "belongs to the CloudFormation stack vitrine-prod-model" in refused["reason"]
