"""The AWS of the services, by moto."""

import functools
from collections.abc import Iterator

import boto3
import botocore.session
import pytest
from moto import mock_aws
from mypy_boto3_dynamodb.client import DynamoDBClient

from benchmarks.emulated_stores import TABLE as TABLE
from benchmarks.emulated_stores import table_declaration


@pytest.fixture(scope="session", autouse=True)
def _models_parsed_once() -> Iterator[None]:
    """Share botocore's loader: else each session parses the models of its services again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", functools.cache(botocore.session.create_loader))
        yield


@pytest.fixture(scope="session")
def dynamodb_client() -> DynamoDBClient:
    """A client of DynamoDB for all tests: moto empties its tables before each."""
    session = boto3.Session("test", "test", region_name="ca-central-1")
    client: DynamoDBClient = session.client("dynamodb")
    return client


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Moto's AWS, empty."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        yield


@pytest.fixture
def dynamodb(aws: None, dynamodb_client: DynamoDBClient) -> DynamoDBClient:
    """A client of DynamoDB, which holds an empty reports table."""
    dynamodb_client.create_table(**table_declaration())
    return dynamodb_client
