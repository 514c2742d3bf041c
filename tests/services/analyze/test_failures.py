"""Failures half-way: the caller gets an error, and nothing is left behind."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from starlette.testclient import TestClient

from tests.services.analyze.conftest import World
from tests.services.analyze.process import eventually

Jpeg = Callable[..., bytes]


@contextmanager
def out_of_reach(client: Any, event: str, after: int = 0) -> Iterator[None]:
    """Let the AWS client's calls of one kind fail after the first `after`."""
    calls = 0

    def refuse(**_: object) -> None:
        nonlocal calls
        calls += 1
        if calls > after:
            raise EndpointConnectionError(endpoint_url="http://secret")

    client.meta.events.register_first(event, refuse)
    yield
    client.meta.events.unregister(event, refuse)


def reports(client: TestClient) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = client.get("/reports").json()["reports"]
    return listed


def post(client: TestClient, *photos: bytes) -> Any:
    files = [("images", photo) for photo in photos]
    return client.post("/analyze", files=files, headers={"Idempotency-Key": "k1"})


def test_unstored_photo_leaves_nothing(client: TestClient, world: World, jpeg: Jpeg) -> None:
    with out_of_reach(world.s3, "before-call.s3.PutObject", after=2):
        answer = post(client, *(jpeg(shade) for shade in range(4)))
    assert (answer.status_code, answer.json()["title"]) == (503, "Storage unavailable")
    assert world.kept() == []
    assert reports(client) == []
    assert post(client, jpeg()).status_code == 200


def test_unaccepted_report_leaves_nothing(client: TestClient, world: World, jpeg: Jpeg) -> None:
    with out_of_reach(world.dynamodb, "before-call.dynamodb.TransactWriteItems"):
        assert post(client, jpeg()).status_code == 503
    assert world.kept() == []
    assert post(client, jpeg()).status_code == 200


def test_lost_acceptance_uses_no_quota(client: TestClient, world: World, jpeg: Jpeg) -> None:
    def lose(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="http://secret")

    for _ in range(4):
        world.dynamodb.meta.events.register_first("after-call.dynamodb.TransactWriteItems", lose)
        answer = post(client, jpeg())
        world.dynamodb.meta.events.unregister("after-call.dynamodb.TransactWriteItems", lose)
        assert answer.status_code == 503
    assert reports(client) == []
    assert post(client, jpeg()).status_code == 200


def test_unwritten_report_is_left_to_jobs(
    client: TestClient, world: World, jpeg: Jpeg, caplog: pytest.LogCaptureFixture
) -> None:
    with out_of_reach(world.dynamodb, "before-call.dynamodb.TransactWriteItems", after=1):
        answer = client.post("/analyze", files={"images": jpeg()}, headers={"Prefer": "respond-async"})
        assert eventually(lambda: "a store does not answer; a job continues" in caplog.text)
    assert answer.status_code == 202
    assert reports(client)[0]["status"] == "running"


def test_refused_owner_costs_no_decoding(client: TestClient, world: World, jpeg: Jpeg) -> None:
    for shade in range(5):
        answer = client.post("/analyze", files={"images": jpeg(shade)})
    assert answer.status_code == 429
    assert client.post("/analyze", files={"images": jpeg()[:100]}).status_code == 429
    assert len(world.kept()) == 4


def test_plain_request_reads_no_row(client: TestClient, world: World, jpeg: Jpeg) -> None:
    with out_of_reach(world.dynamodb, "before-call.dynamodb.GetItem"):
        assert client.post("/analyze", files={"images": jpeg()}).status_code == 200
