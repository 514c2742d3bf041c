"""What goes wrong half-way: the caller is told, and nothing is left that nobody answers for."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from botocore.exceptions import EndpointConnectionError, ReadTimeoutError
from starlette.testclient import TestClient

from tests.services.analyze.conftest import World

Jpeg = Callable[..., bytes]


@contextmanager
def out_of_reach(client: Any, event: str, after: int = 0) -> Iterator[None]:
    """Let the AWS client's calls of one kind fail, from the one after `after` calls on."""
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


def test_a_picture_that_cannot_be_kept_leaves_nothing(client: TestClient, world: World, jpeg: Jpeg) -> None:
    with out_of_reach(world.s3, "before-call.s3.PutObject", after=2):
        answer = post(client, *(jpeg(shade) for shade in range(4)))
    assert (answer.status_code, answer.json()["title"]) == (503, "Storage unavailable")
    assert world.kept() == []
    assert reports(client) == []
    assert post(client, jpeg()).status_code == 200


def test_a_report_that_cannot_be_accepted_leaves_nothing(
    client: TestClient, world: World, jpeg: Jpeg
) -> None:
    with out_of_reach(world.dynamodb, "before-call.dynamodb.TransactWriteItems"):
        assert post(client, jpeg()).status_code == 503
    assert world.kept() == []
    assert post(client, jpeg()).status_code == 200


def test_a_report_whose_acceptance_got_lost_takes_nothing_of_the_quota(
    client: TestClient, world: World, jpeg: Jpeg
) -> None:
    def lose(**_: object) -> None:
        raise ReadTimeoutError(endpoint_url="http://secret")

    for _ in range(4):
        world.dynamodb.meta.events.register_first("after-call.dynamodb.TransactWriteItems", lose)
        answer = post(client, jpeg())
        world.dynamodb.meta.events.unregister("after-call.dynamodb.TransactWriteItems", lose)
        assert answer.status_code == 503
    assert reports(client) == []
    assert post(client, jpeg()).status_code == 200


def test_a_report_that_cannot_be_written_is_left_for_a_job(
    client: TestClient, world: World, jpeg: Jpeg
) -> None:
    with out_of_reach(world.dynamodb, "before-call.dynamodb.TransactWriteItems", after=1):
        answer = client.post("/analyze", files={"images": jpeg()}, headers={"Prefer": "wait=1"})
    assert answer.status_code == 202
    assert reports(client)[0]["status"] == "running"


def test_a_used_up_day_is_told_before_the_photo_is_decoded(
    client: TestClient, world: World, jpeg: Jpeg
) -> None:
    for shade in range(4):
        assert client.post("/analyze", files={"images": jpeg(shade)}).status_code == 200
    assert client.post("/analyze", files={"images": jpeg()[:100]}).status_code == 429
    assert len(world.kept()) == 4
