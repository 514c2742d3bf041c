"""The archive arrives whole in its bucket, also after an interruption."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ConnectionClosedError
from moto import mock_aws
from rich.console import Console

from cli.errors import UserError
from ops.aws.archive import upload, verify
from ops.commands.deploy import bring_archive
from tests.ops.conftest import make_settings

PART = 8 * 1024 * 1024  # boto3 splits a file into such parts


@pytest.fixture
def s3() -> Iterator[Any]:
    with mock_aws():
        client = boto3.Session(region_name="ca-central-1").client("s3")
        client.create_bucket(
            Bucket="artifacts", CreateBucketConfiguration={"LocationConstraint": "ca-central-1"}
        )
        yield client


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "blip2-endpoint.tar.gz"
    path.write_bytes(os.urandom(PART + 1000))
    return path


@pytest.fixture
def key(file: Path) -> str:
    return f"models/{hashlib.sha256(file.read_bytes()).hexdigest()}/blip2-endpoint.tar.gz"


def keys(s3: Any) -> list[str]:
    return [found["Key"] for found in s3.list_objects_v2(Bucket="artifacts").get("Contents", [])]


def content(s3: Any, key: str) -> bytes:
    found: bytes = s3.get_object(Bucket="artifacts", Key=key)["Body"].read()
    return found


def test_file_arrives_in_checked_parts(s3: Any, file: Path, key: str) -> None:
    parts: list[dict[str, Any]] = []
    s3.meta.events.register("before-parameter-build.s3.UploadPart", lambda params, **_: parts.append(params))
    sent: list[int] = []
    upload(s3, file, "artifacts", key, sent.append)
    assert content(s3, key) == file.read_bytes()
    assert sum(sent) == file.stat().st_size
    assert [part["ChecksumAlgorithm"] for part in parts] == ["CRC32"] * 2


def test_interrupted_upload_succeeds_when_repeated(s3: Any, file: Path, key: str) -> None:
    def interrupt(params: dict[str, Any], **_: Any) -> None:
        if params["PartNumber"] == 2:
            raise ConnectionClosedError(endpoint_url="https://s3.ca-central-1.amazonaws.com")

    event = "before-parameter-build.s3.UploadPart"
    s3.meta.events.register(event, interrupt)
    with pytest.raises(ConnectionClosedError):
        upload(s3, file, "artifacts", key)
    assert keys(s3) == []
    s3.meta.events.unregister(event, interrupt)
    upload(s3, file, "artifacts", key)
    assert content(s3, key) == file.read_bytes()


def test_file_of_another_hash_is_refused(file: Path) -> None:
    with pytest.raises(UserError, match="and the settings say") as raised:
        verify(file, f"models/{'0' * 64}/blip2-endpoint.tar.gz", lambda count: None)
    assert hashlib.sha256(file.read_bytes()).hexdigest() in raised.value.hint


@pytest.fixture
def account(s3: Any) -> boto3.Session:
    session = boto3.Session(region_name="ca-central-1")
    session.client("ssm").put_parameter(
        Name="/vitrine/shop/artifact-bucket", Value="artifacts", Type="String"
    )
    return session


def test_archive_is_uploaded_once(
    account: boto3.Session, s3: Any, file: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, console = make_settings(model={"artifact": key}), Console(markup=False, soft_wrap=True)
    bring_archive(settings, account, file, console)
    assert content(s3, key) == file.read_bytes()
    assert f"s3://artifacts/{key}, 8 MB" in capsys.readouterr().out
    bring_archive(settings, account, None, console)
    assert "is there already" in capsys.readouterr().out


def test_missing_archive_stops_the_deployment(account: boto3.Session, key: str) -> None:
    with pytest.raises(UserError, match="no archive is given") as raised:
        bring_archive(make_settings(model={"artifact": key}), account, None, Console())
    assert "ARTIFACT=FILE" in raised.value.hint
