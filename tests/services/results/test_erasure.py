"""A report that is erased at any step of its processing leaves nothing in any store."""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from io import BytesIO
from typing import Any

import boto3
import pytest
from botocore.exceptions import EndpointConnectionError
from PIL import Image

from services.core.aws import PRESIGNING
from services.core.domain.errors import ReportNotFound
from services.core.domain.stored_report import ReportRef, RequestKey
from services.core.messaging.job_queue import JobQueue
from services.core.pipeline.erasure import Erasure
from services.core.storage.image_store import ImageStore
from services.core.storage.leases import Leases
from services.core.storage.reports import Reports
from services.core.vision.async_endpoint import LOST_AFTER_S, AsyncVisionEndpoint
from services.results.sweep import sweep
from tests.services.conftest import DRAWN, TABLE
from tests.services.results.shop import (
    BUCKET,
    ENDED,
    ENDPOINT,
    FAILURE,
    ID,
    REGION,
    RESUME,
    Shop,
    pending,
    result,
)

REF = ReportRef("alice", ID)


class Killed(BaseException):
    """The worker's process ends."""


@pytest.fixture(scope="module")
def photo() -> bytes:
    """A photo whose request to the model is too long to be sent inline."""
    pixels = random.Random(1).randbytes(3 * 400 * 400)  # noqa: S311 - a picture, not a secret
    out = BytesIO()
    Image.frombytes("RGB", (400, 400), pixels).save(out, "JPEG", quality=95)
    return out.getvalue()


def erasure(shop: Shop) -> Erasure:
    """An erasure by another process: its clients are its own."""
    s3 = boto3.client("s3", region_name=REGION, config=PRESIGNING)
    runtime = boto3.client("sagemaker-runtime", region_name=REGION)
    endpoint = AsyncVisionEndpoint(
        runtime, s3, endpoint=ENDPOINT, bucket=BUCKET, kms_key_id=None, catalogue=DRAWN
    )
    reports = Reports(boto3.client("dynamodb", region_name=REGION), TABLE, quota_per_day=9)
    queue = JobQueue(boto3.client("sqs", region_name=REGION), shop.queue_url)
    return Erasure(reports, ImageStore(s3, BUCKET, None), endpoint, queue)


@contextmanager
def at_call(
    shop: Shop, number: int, act: Callable[[], None], event: str = "before-call"
) -> Iterator[list[str]]:
    """Act once, at this AWS call of the worker's stores; yields the names of its calls."""
    calls: list[str] = []

    def count(event_name: str, **_: object) -> None:
        calls.append(event_name)
        if len(calls) == number + 1:
            act()

    clients: list[Any] = [shop.s3, shop.dynamodb, shop.sqs]
    for client in clients:
        client.meta.events.register(f"{event}.*", count)
    yield calls
    for client in clients:
        client.meta.events.unregister(f"{event}.*", count)


def live(shop: Shop, photo: bytes) -> None:
    """Accept a report and let everything happen to it that leads to its end, repeated messages included."""
    asked = len(shop.questions)
    shop.settle(RESUME)
    if shop.asynchronous and len(shop.questions) > asked:
        shop.store_answer()
        done = result(report_id=shop.questions[-1])
        shop.settle(done)
        shop.settle(done)


def left(shop: Shop) -> list[str]:
    """What the stores hold of the report: not counts of the day, nor where a failure may still be written."""
    return shop.stored() + [key for key in sort_keys(shop) if not key.startswith(("quota#", "failure"))]


def sort_keys(shop: Shop) -> list[str]:
    return [row["sk"]["S"] for row in shop.dynamodb.scan(TableName=TABLE)["Items"]]


# What the stores hold after a call is what they hold before the next one: one mode also has the last call.
@pytest.mark.parametrize(
    ("mode", "event", "killed"),
    [
        *(
            (mode, "before-call", killed)
            for mode in ("realtime", "async", "away")
            for killed in (False, True)
        ),
        ("async", "after-call", True),
    ],
)
def test_erasure_at_every_step_leaves_nothing(
    shop: Shop, photo: bytes, mode: str, event: str, killed: bool
) -> None:
    shop.asynchronous, shop.reuse = mode != "realtime", True
    shop.status = 503 if mode == "away" else 200

    erasing = erasure(shop)

    def erase() -> None:
        asyncio.run(erasing.erase(REF))
        if killed:
            raise Killed

    for number in range(60):
        shop.questions.clear()
        shop.accept(lease=ENDED, photo=photo, key=RequestKey("k", "d"))
        with at_call(shop, number, erase, event) as calls, suppress(Killed):
            live(shop, photo)
        if len(calls) <= number:
            break
        if killed and shop.asynchronous and shop.questions:
            shop.store_answer()
            shop.settle(result(report_id=shop.questions[-1]))
        shop.settle(RESUME)
        assert left(shop) == [], (number, calls[: number + 1])
    assert number >= 5
    assert left(shop) != []


@pytest.mark.parametrize("away", ["s3.DeleteObject", "dynamodb.TransactWriteItems", "sqs.SendMessage"])
def test_interrupted_erasure_is_completed(shop: Shop, photo: bytes, away: str) -> None:
    shop.asynchronous = True
    shop.accept(lease=ENDED, photo=photo, key=RequestKey("k", "d"))
    shop.settle(RESUME)
    shop.store_answer()
    erasing = erasure(shop)

    def refuse(**_: object) -> None:
        raise EndpointConnectionError(endpoint_url="http://secret")

    service = away.split(".")[0]
    client: Any = {"s3": erasing.images._s3, "dynamodb": erasing.reports._dynamodb, "sqs": erasing.queue.sqs}[
        service
    ]
    client.meta.events.register(f"before-call.{away}", refuse)
    with pytest.raises(EndpointConnectionError):
        asyncio.run(erasing.erase(REF))
    with pytest.raises(ReportNotFound):
        shop.reports.get("alice", ID)
    assert shop.reports.page("alice", 5).reports == ()
    with pytest.raises(ReportNotFound):
        Leases(shop.dynamodb, TABLE).take(REF)
    assert sweep(shop.leases, shop.queue, idle_s=-60) == 1
    assert shop.settle(RESUME) == []
    assert left(shop) == []


def test_second_erasure_is_not_found(shop: Shop, photo: bytes) -> None:
    shop.accept(photo=photo)
    asyncio.run(erasure(shop).erase(REF))
    with pytest.raises(ReportNotFound):
        asyncio.run(erasure(shop).erase(REF))


def test_job_message_erases_no_living_report(shop: Shop, photo: bytes) -> None:
    shop.accept(photo=photo, key=RequestKey("k", "d"))
    with suppress(ReportNotFound):
        erasure(shop)._resumed(REF)
    assert shop.report().id == ID


def test_database_erases_a_report(shop: Shop, photo: bytes) -> None:
    shop.accept(photo=photo, key=RequestKey("k", "d"))
    assert shop.settle(RESUME | {"erase": True}) == []
    assert left(shop) == []
    assert shop.erased == []


def test_repeated_erasure_of_database_is_confirmed(shop: Shop) -> None:
    assert shop.settle(RESUME | {"erase": True}) == []
    (erased,) = shop.erased
    assert (erased.ref, erased.analysis) == (REF, None)


@pytest.mark.parametrize("located", [True, False])
def test_late_failure_of_erased_report_is_deleted(shop: Shop, photo: bytes, located: bool) -> None:
    shop.asynchronous = True
    shop.accept(lease=ENDED, photo=photo)
    shop.settle(RESUME)
    asyncio.run(erasure(shop).erase(REF))
    settle_late_failure(shop, located)


def test_failure_of_unrecorded_inference_is_deleted(shop: Shop, photo: bytes) -> None:
    shop.asynchronous = True
    shop.accept(lease=ENDED, photo=photo)

    erasing = erasure(shop)

    def erase() -> None:
        asyncio.run(erasing.erase(REF))

    shop.during_inference = erase
    shop.settle(RESUME)
    settle_late_failure(shop, located=False)


@pytest.mark.parametrize("number", range(3))
def test_killed_clean_up_of_failure_is_repeated(shop: Shop, photo: bytes, number: int) -> None:
    shop.asynchronous = True
    shop.accept(lease=ENDED, photo=photo)
    shop.settle(RESUME)
    asyncio.run(erasure(shop).erase(REF))

    def kill() -> None:
        raise Killed

    shop.s3.put_object(Bucket=BUCKET, Key=FAILURE, Body=b"trace")
    with at_call(shop, number, kill, "after-call"), suppress(Killed):
        shop.settle(late_failure(shop.questions[-1]))
    settle_late_failure(shop, located=False)


def test_late_failure_of_replaced_inference_is_deleted(shop: Shop, photo: bytes) -> None:
    shop.asynchronous = True
    lost = replace(pending(ago_s=LOST_AFTER_S + 60), inference_id=f"{ID}-0", failure_key=FAILURE)
    shop.accept(lease=ENDED, pending=lost, photo=photo)
    shop.settle(RESUME)
    assert shop.questions
    shop.s3.put_object(Bucket=BUCKET, Key=FAILURE, Body=b"trace")
    shop.settle(late_failure(f"{ID}-0"))
    assert FAILURE not in shop.stored()


def settle_late_failure(shop: Shop, located: bool) -> None:
    """Let the endpoint fail after the erasure; AWS's notification does not say where the failure is."""
    shop.s3.put_object(Bucket=BUCKET, Key=FAILURE, Body=b"trace")
    late = late_failure(shop.questions[-1])
    late["responseParameters"] = {"failureLocation": f"s3://{BUCKET}/{FAILURE}"} if located else {}
    shop.settle(late, attempt=1)
    assert shop.settle(late) == []
    assert (left(shop), "failure" in sort_keys(shop)) == ([], False)


def late_failure(inference_id: str) -> dict[str, Any]:
    """AWS's notification of a failure, which does not say where its text is."""
    return result("Failed", "InternalFailure", inference_id) | {"responseParameters": {}}
