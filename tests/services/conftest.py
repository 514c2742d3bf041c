"""The AWS of the services, by moto."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from mypy_boto3_dynamodb.client import DynamoDBClient

from benchmarks.emulated_stores import TABLE as TABLE
from benchmarks.emulated_stores import table_declaration


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Moto's AWS, empty."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield


@pytest.fixture
def dynamodb(aws: None) -> DynamoDBClient:
    """A client of DynamoDB, which holds an empty reports table."""
    client: DynamoDBClient = boto3.client("dynamodb", region_name="ca-central-1")
    client.create_table(**table_declaration())
    return client
