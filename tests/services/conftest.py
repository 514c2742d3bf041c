"""The AWS that services lean on, stood in for by moto."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws
from mypy_boto3_dynamodb.client import DynamoDBClient

from benchmarks.emulated_stores import TABLE as TABLE
from benchmarks.emulated_stores import table_declaration


@pytest.fixture
def dynamodb(monkeypatch: pytest.MonkeyPatch) -> Iterator[DynamoDBClient]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client: DynamoDBClient = boto3.client("dynamodb", region_name="ca-central-1")
        client.create_table(**table_declaration())
        yield client
