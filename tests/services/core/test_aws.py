"""Which errors mean that a later call may succeed, raised by real clients."""

from collections.abc import Iterator
from socket import create_server
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import OperationNotPageableError, ParamValidationError, UnknownServiceError

from services.core.aws import CALL_ERRORS, AwsClients, timeouts

QUICK = timeouts(connect_s=0.2, read_s=0.2, attempts=1)


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")


@pytest.fixture
def silent() -> Iterator[str]:
    """The address of a server that accepts connections and never answers."""
    with create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def sqs(endpoint: str) -> Any:
    return boto3.client("sqs", region_name="ca-central-1", endpoint_url=endpoint, config=QUICK)


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:9", "http://absent.invalid"])
def test_unreachable_service_is_a_call_error(endpoint: str) -> None:
    with pytest.raises(CALL_ERRORS):
        sqs(endpoint).list_queues()


def test_silent_service_is_a_call_error(silent: str) -> None:
    with pytest.raises(CALL_ERRORS):
        sqs(silent).list_queues()


def test_missing_credentials_are_a_call_error(monkeypatch: pytest.MonkeyPatch, silent: str) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
    with pytest.raises(CALL_ERRORS):
        boto3.Session().client("sqs", region_name="ca-central-1", endpoint_url=silent).list_queues()


def test_mistakes_are_no_call_errors() -> None:
    validating = boto3.client("sqs", region_name="ca-central-1", config=Config(parameter_validation=True))
    with pytest.raises(ParamValidationError) as unknown_parameter:
        validating.list_queues(Body=b"")  # type: ignore[call-arg]
    # S3's own check, which the services' clients make too.
    with pytest.raises(ParamValidationError) as wrong_bucket:
        AwsClients("ca-central-1", QUICK).s3().get_object(Bucket="no bucket", Key="k")
    with pytest.raises(UnknownServiceError) as unknown_service:
        boto3.client("sqz", region_name="ca-central-1")  # type: ignore[call-overload]
    with pytest.raises(OperationNotPageableError) as not_pageable:
        validating.get_paginator("send_message")  # type: ignore[call-overload]
    for raised in (unknown_parameter, wrong_bucket, unknown_service, not_pageable):
        assert not isinstance(raised.value, CALL_ERRORS)
