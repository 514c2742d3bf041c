"""The archive reaches its bucket whole, whatever interrupts its way."""

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto import mock_aws
from rich.console import Console

from cli.errors import UserError
from ops.aws.archive import upload, verify
from ops.commands.deploy import bring_archive
from tests.ops.conftest import make_settings

PART = 5 * 1024 * 1024  # the least that S3 takes


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
    path.write_bytes(os.urandom(3 * PART + 1000))
    return path


@pytest.fixture
def key(file: Path) -> str:
    return f"models/{hashlib.sha256(file.read_bytes()).hexdigest()}/blip2-endpoint.tar.gz"


class Wire:
    """What goes over it, and a fault at one part."""

    def __init__(self, client: Any, faulty: int | None = None) -> None:
        self.parts: list[int] = []
        self.faulty = faulty
        client.meta.events.register("before-parameter-build.s3.UploadPart", self._send)

    def _send(self, params: dict[str, Any], **more: Any) -> None:
        if params["PartNumber"] == self.faulty:
            raise KeyboardInterrupt
        self.parts.append(params["PartNumber"])


def content(s3: Any, key: str) -> bytes:
    found: bytes = s3.get_object(Bucket="artifacts", Key=key)["Body"].read()
    return found


def test_a_file_arrives_as_it_is(s3: Any, file: Path, key: str) -> None:
    seen: list[int] = []
    assert upload(s3, file, "artifacts", key, seen.append, PART) == 0
    assert content(s3, key) == file.read_bytes()
    assert sum(seen) == file.stat().st_size


def test_an_interrupted_upload_goes_on_where_it_was(s3: Any, file: Path, key: str) -> None:
    wire = Wire(s3, faulty=2)
    with pytest.raises(KeyboardInterrupt):
        upload(s3, file, "artifacts", key, lambda count: None, PART)
    arrived = set(wire.parts)
    wire.parts, wire.faulty = [], None
    seen: list[int] = []
    earlier = upload(s3, file, "artifacts", key, seen.append, PART)
    assert arrived and not arrived & set(wire.parts)
    assert 2 in wire.parts
    assert earlier > 0
    assert sum(seen) == file.stat().st_size
    assert content(s3, key) == file.read_bytes()


def test_parts_of_another_size_are_sent_again(s3: Any, file: Path, key: str) -> None:
    begun = s3.create_multipart_upload(Bucket="artifacts", Key=key)["UploadId"]
    s3.upload_part(Bucket="artifacts", Key=key, UploadId=begun, PartNumber=1, Body=b"cut short")
    assert upload(s3, file, "artifacts", key, lambda count: None, PART) == 0
    assert content(s3, key) == file.read_bytes()


def test_a_file_that_is_not_of_the_keys_hash_is_refused(file: Path) -> None:
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


def test_the_step_uploads_once_and_says_later_that_it_is_there(
    account: boto3.Session, s3: Any, file: Path, key: str, capsys: pytest.CaptureFixture[str]
) -> None:
    settings, console = make_settings(model={"artifact": key}), Console(markup=False, soft_wrap=True)
    bring_archive(settings, account, file, console)
    assert content(s3, key) == file.read_bytes()
    assert f"✓ uploaded s3://artifacts/{key}: 16 MB" in capsys.readouterr().out
    wire = Wire(s3)
    bring_archive(settings, account, None, console)
    assert "is there already" in capsys.readouterr().out
    assert wire.parts == []


def test_an_archive_that_is_nowhere_stops_the_deployment(account: boto3.Session, key: str) -> None:
    with pytest.raises(UserError, match="no archive is at hand") as raised:
        bring_archive(make_settings(model={"artifact": key}), account, None, Console())
    assert "ARTIFACT=FILE" in raised.value.hint
