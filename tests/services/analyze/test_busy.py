"""What comes before acceptance is bounded in time; a request that fails leaves no report and no photo."""

import asyncio
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
from anyio import from_thread
from starlette.testclient import TestClient

from services.analyze import intake
from services.core.domain.errors import UnsupportedMedia
from services.core.domain.timing import PRODUCTION
from services.core.photos.photo import Photo, decoders
from services.core.photos.pool import Decoders
from services.core.storage.image_store import ImageStore, Uploads
from services.core.storage.reports import Reports
from tests.loop_clock import let_pass
from tests.services.analyze.conftest import World

Jpeg = Callable[..., bytes]


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch, jpeg: Jpeg) -> None:
    """Let photos be decoded at once."""
    monkeypatch.setattr(intake, "prepare", lambda *_, **__: Photo(jpeg(), jpeg(), 640, 480))


class Slow:
    """Lets each call of a method begin only after `open` is called; `ended` is set after one.

    When such a call would begin, so many seconds pass: as a rule those in which a request is accepted.
    """

    def __init__(
        self,
        monkeypatch: pytest.MonkeyPatch,
        owner: type,
        name: str,
        passing_s: float = PRODUCTION.accept_within_s,
    ) -> None:
        method, self._gate, self.ended = getattr(owner, name), threading.Event(), threading.Event()

        def late(*arguments: Any) -> Any:
            from_thread.run_sync(let_pass, passing_s)
            self._gate.wait(30)
            try:
                return method(*arguments)
            finally:
                self.ended.set()

        monkeypatch.setattr(owner, name, late)

    def open(self) -> None:
        """Let the calls work, and wait for one."""
        self._gate.set()
        assert self.ended.wait(30)


def post(client: TestClient, *photos: bytes) -> Any:
    return client.post("/analyze", files=[("images", photo) for photo in photos])


def assert_nothing_is_left(client: TestClient, world: World) -> None:
    deadline = time.monotonic() + 30
    while (world.kept() or client.get("/reports").json()["reports"]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert world.kept() == []
    assert client.get("/reports").json()["reports"] == []
    assert world.messages() == []
    assert world.model_calls == 0


def assert_busy(answer: Any) -> None:
    assert (answer.status_code, answer.json()["title"]) == (503, "Busy")
    assert int(answer.headers["retry-after"]) >= 1


def test_slow_decoder_is_busy(
    client: TestClient, world: World, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch, Decoders, "decode")
    assert_busy(post(client, jpeg(), jpeg(50)))
    slow.open()
    assert_nothing_is_left(client, world)


@pytest.mark.usefixtures("at_once")
@pytest.mark.parametrize(
    ("owner", "name"),
    [(ImageStore, "put"), (Reports, "accept"), (Reports, "check_quota")],
    ids=["put", "transaction", "quota"],
)
def test_slow_store_is_busy(
    client: TestClient, world: World, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch, owner: type, name: str
) -> None:
    # The quota is read only for an owner who was refused before.
    monkeypatch.setattr(Reports, "was_refused", lambda *_: name == "check_quota")
    slow = Slow(monkeypatch, owner, name)
    assert_busy(post(client, jpeg(), jpeg(50)))
    slow.open()
    assert_nothing_is_left(client, world)


@pytest.mark.usefixtures("at_once")
def test_undo_outlasts_a_failing_store(
    client: TestClient, world: World, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Slow(monkeypatch, Reports, "accept")
    withdraw, failures = Reports.withdraw, [1, 1]

    def fail_twice(*arguments: Any) -> None:
        if failures:
            failures.pop()
            world.s3.get_object(Bucket="images", Key="missing")
        withdraw(*arguments)

    monkeypatch.setattr(Reports, "withdraw", fail_twice)
    assert_busy(post(client, jpeg()))
    slow.open()
    assert_nothing_is_left(client, world)


def test_long_queue_is_busy_at_once(
    client: TestClient, world: World, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(decoders, "typical_s", 60.0)
    monkeypatch.setattr(decoders, "count", 2)
    monkeypatch.setattr(intake, "_decoding", Full())
    answer = post(client, jpeg())
    assert (answer.status_code, answer.json()["title"]) == (503, "Busy")
    assert int(answer.headers["retry-after"]) > intake.QUEUE_S
    assert_nothing_is_left(client, world)


class Full:
    """A limiter with photos that wait."""

    tasks_waiting = 4

    def statistics(self) -> "Full":
        return self


def test_gone_client_leaves_no_report(
    client: TestClient, world: World, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def gone(_: Any) -> bool:
        return True

    monkeypatch.setattr("starlette.requests.Request.is_disconnected", gone)
    post(client, jpeg())
    assert_nothing_is_left(client, world)


def test_slow_erasure_of_uploads_delays_no_answer(
    client: TestClient, world: World, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.analyze.app.DROP_WITHIN_S", 0.1)
    offer = client.post("/uploads").json()
    world.s3.put_object(Bucket="images", Key=f"uploads/alice/{offer['id']}", Body=jpeg())
    slow = Slow(monkeypatch, Uploads, "delete", passing_s=0.0)
    answer = client.post("/analyze", json={"upload_ids": [offer["id"]]})
    assert (answer.status_code, slow.ended.is_set()) == (200, False)
    slow.open()


def test_failed_reading_fails_no_report(
    client: TestClient, world: World, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.open.clear()

    def fail(*_: Any) -> None:
        world.s3.get_object(Bucket="images", Key="missing")

    monkeypatch.setattr(Reports, "get", fail)
    answer = client.post("/analyze", files=[("images", jpeg())], headers={"Prefer": "wait=1"})
    world.open.set()
    assert answer.status_code == 202


def test_bad_photo_ends_the_others() -> None:
    loads: list[int] = []

    def load(number: int) -> bytes:
        loads.append(number)
        return b"no photo"

    received = intake.Received([b"digest"], {f"images[{at}]": partial(load, at) for at in range(200)})

    async def prepare() -> None:
        await received.prepare(asyncio.get_running_loop().time() + 10)

    with pytest.raises(UnsupportedMedia):
        asyncio.run(prepare())
    assert len(loads) < 200
