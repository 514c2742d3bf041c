"""The AWS of the services, by moto."""

import functools
import threading
from collections.abc import Iterator
from typing import Any

import boto3
import botocore.session
import pytest
from moto import mock_aws
from moto.dynamodb.responses import DynamoHandler
from mypy_boto3_dynamodb.client import DynamoDBClient

import catalogue
from benchmarks.emulated_stores import TABLE as TABLE
from benchmarks.emulated_stores import table_declaration

DRAWN = catalogue.load(catalogue.DRAWN)


@pytest.fixture(scope="session")
def drawn() -> catalogue.Catalogue:
    """The demo model's catalogue: ten kinds of one department."""
    return DRAWN


@pytest.fixture(scope="session")
def second_hand() -> catalogue.Catalogue:
    """The catalogue of real goods."""
    return catalogue.load(catalogue.SECOND_HAND)


@pytest.fixture(scope="session", autouse=True)
def _models_parsed_once() -> Iterator[None]:
    """Share botocore's loader: else each session parses the models of its services again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", functools.cache(botocore.session.create_loader))
        yield


@pytest.fixture(scope="session", autouse=True)
def _atomic_writes() -> Iterator[None]:
    """Answer DynamoDB's requests one by one: moto takes no lock between a condition and its write."""
    answer, lock = DynamoHandler.call_action, threading.Lock()

    def answer_alone(handler: DynamoHandler) -> Any:
        with lock:
            return answer(handler)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(DynamoHandler, "call_action", answer_alone)
        yield


@pytest.fixture(scope="session")
def _default_session() -> boto3.Session:
    """What makes the tests' clients: a session of its own for each test takes longer than its clients."""
    return boto3.Session()


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch, _default_session: boto3.Session) -> Iterator[None]:
    """Moto's AWS, empty."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws(), pytest.MonkeyPatch.context() as patch:
        # Moto has put none in its place.
        patch.setattr(boto3, "DEFAULT_SESSION", _default_session)
        yield


@pytest.fixture
def dynamodb(aws: None) -> DynamoDBClient:
    """A client of DynamoDB, which holds an empty reports table."""
    client: DynamoDBClient = boto3.client("dynamodb", region_name="ca-central-1")
    client.create_table(**table_declaration())
    return client
