"""A request that becomes a job: accepted once, waited for as its client prefers, never lost."""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urljoin

import httpx2
import pytest
from botocore.exceptions import ReadTimeoutError
from starlette.testclient import TestClient

from services.core.domain.timing import PRODUCTION
from services.core.storage.rows import from_item, stored_report
from tests.services.analyze.conftest import BUCKET, World
from tests.services.analyze.process import eventually
from tests.services.conftest import TABLE

Jpeg = Callable[..., bytes]


def post(client: TestClient, photo: bytes, prefer: str = "", key: str = "") -> Any:
    headers = {name: value for name, value in (("Prefer", prefer), ("Idempotency-Key", key)) if value}
    return client.post("/analyze", files={"images": photo}, headers=headers)


def waiting(client: TestClient, photo: bytes) -> dict[str, Any]:
    """Post a photo, and return its report once that says what it waits for."""
    answer = post(client, photo, "respond-async")
    assert answer.status_code == 202

    def report() -> dict[str, Any]:
        found: dict[str, Any] = client.get(answer.headers["location"]).json()
        return found

    assert eventually(lambda: report()["waiting"] is not None)
    return report()


def delays(world: World, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Collect the delays of the messages that are sent from now on."""
    sent: list[int] = []
    real = world.sqs.send_message

    def send(**named: Any) -> Any:
        sent.append(named["DelaySeconds"])
        return real(**named)

    monkeypatch.setattr(world.sqs, "send_message", send)
    return sent


def test_respond_async_returns_202_with_location(client: TestClient, world: World, jpeg: Jpeg) -> None:
    world.open.clear()
    answer = post(client, jpeg(), "respond-async")
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "respond-async"
    assert int(answer.headers["retry-after"]) > 0
    place = answer.headers["location"]
    assert place == f"reports/{answer.json()['id']}"
    assert answer.json()["status"] == "running"
    world.open.set()
    report = client.get(place, headers={"Prefer": "wait=10"})
    assert report.headers["preference-applied"] == "wait=10"
    assert report.json()["status"] == "succeeded"
    assert world.model_calls == 1


@pytest.mark.parametrize("base", ["https://api.shop.example", "http://127.0.0.1/_aws/execute-api/a/$default"])
def test_location_resolves_against_the_request(
    client: TestClient, world: World, jpeg: Jpeg, base: str
) -> None:
    world.open.clear()
    answer = post(client, jpeg(), "respond-async")
    world.open.set()
    report = f"{base}/reports/{answer.json()['id']}"
    assert urljoin(f"{base}/analyze", answer.headers["location"]) == report


def test_unfinished_report_says_when_to_ask(client: TestClient, world: World, jpeg: Jpeg) -> None:
    world.open.clear()
    place = post(client, jpeg(), "respond-async").headers["location"]
    assert client.get(place).headers["retry-after"] == "5"
    world.open.set()
    assert "retry-after" not in client.get(place, headers={"Prefer": "wait=9"}).headers


def test_slow_model_returns_202(client: TestClient, world: World, jpeg: Jpeg) -> None:
    world.open.clear()
    answer = post(client, jpeg(), "wait=1")
    assert (answer.status_code, answer.headers["preference-applied"]) == (202, "wait=1")
    world.open.set()
    assert client.get(answer.headers["location"], headers={"Prefer": "wait=9"}).json()["product"]


class TestStage:
    """The stage that a client reads of its report."""

    @pytest.fixture
    def shown(self, client: TestClient, world: World) -> list[str | None]:
        """The stages that the row has while the LLM is asked."""
        stages: list[str | None] = []

        def answer(request: httpx2.Request) -> httpx2.Response:
            rows = [from_item(item) for item in world.dynamodb.scan(TableName=TABLE)["Items"]]
            stages.extend(stored_report("alice", row).report.stage for row in rows if "report" in row)
            return httpx2.Response(503)

        world.answer_llm = answer  # type: ignore[method-assign]
        return stages

    def test_polled_report_names_its_stages(
        self, client: TestClient, world: World, jpeg: Jpeg, shown: list[str | None]
    ) -> None:
        world.open.clear()
        first = post(client, jpeg(), "respond-async")
        place = first.headers["location"]
        assert (first.json()["stage"], client.get(place).json()["stage"]) == ("model", "model")
        world.open.set()
        ended = client.get(place, headers={"Prefer": "wait=9"}).json()
        assert (ended["status"], ended["stage"], shown) == ("succeeded", None, ["narrate"])

    def test_awaited_report_costs_no_write(
        self, client: TestClient, world: World, jpeg: Jpeg, shown: list[str | None]
    ) -> None:
        updates: list[object] = []
        world.dynamodb.meta.events.register(
            "provide-client-params.dynamodb.UpdateItem", lambda params, **_: updates.append(params)
        )
        assert post(client, jpeg()).json()["stage"] is None
        assert (shown, updates) == (["model"], [])

    def test_ended_wait_shows_the_stages(
        self, client: TestClient, world: World, jpeg: Jpeg, shown: list[str | None]
    ) -> None:
        world.open.clear()
        answer = post(client, jpeg(), "wait=1")
        assert (answer.status_code, answer.json()["stage"]) == (202, "model")
        world.open.set()
        assert client.get(answer.headers["location"], headers={"Prefer": "wait=9"}).json()["product"]
        assert shown == ["narrate"]

    def test_stage_that_cannot_be_written_stops_nothing(
        self, client: TestClient, world: World, jpeg: Jpeg, caplog: pytest.LogCaptureFixture
    ) -> None:
        def lose(**_: object) -> None:
            raise ReadTimeoutError(endpoint_url="http://stores")

        world.dynamodb.meta.events.register("before-send.dynamodb.UpdateItem", lose)
        place = post(client, jpeg(), "respond-async").headers["location"]
        assert client.get(place, headers={"Prefer": "wait=9"}).json()["status"] == "succeeded"
        assert "stage not written" in caplog.text


def test_long_wait_is_cut(client: TestClient, jpeg: Jpeg) -> None:
    answer = post(client, jpeg(), "wait=60")
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=25")


def test_every_report_has_a_message(
    client: TestClient, world: World, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = delays(world, monkeypatch)
    assert post(client, jpeg()).status_code == 200
    assert sent == [round(world.budget_s) + PRODUCTION.takeover_s]


def test_unavailable_model_is_asked_later(
    client: TestClient, world: World, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = delays(world, monkeypatch)
    world.status, world.body = 503, b'{"message": "secret trace"}'
    report = waiting(client, jpeg())
    assert (report["status"], report["stage"]) == ("queued", "model")
    assert report["waiting_code"] == "model_unavailable"
    assert "every 15 minutes" in report["waiting"]
    assert "secret" not in json.dumps(report)
    # After the row is written.
    assert eventually(lambda: PRODUCTION.model_retry_s in sent)


def test_queued_report_is_replayed_by_key(client: TestClient, world: World, jpeg: Jpeg) -> None:
    world.status, world.body = 503, b"{}"
    first = post(client, jpeg(), "wait=0", "k1")
    again = post(client, jpeg(), "wait=0", "k1")
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert again.headers["idempotent-replayed"] == "true"
    assert post(client, jpeg(7), "wait=0", "k1").status_code == 422


def test_unavailable_queue_delays_no_report(
    client: TestClient, world: World, jpeg: Jpeg, caplog: pytest.LogCaptureFixture
) -> None:
    world.sqs.delete_queue(QueueUrl=world.queue_url)
    assert post(client, jpeg()).status_code == 200
    assert "the job queue does not answer" in caplog.text


def test_interrupted_work_becomes_a_job(
    client: TestClient, world: World, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.analyze.app.DRAIN_S", 0.1)
    world.open.clear()
    report_id = post(client, jpeg(), "respond-async").json()["id"]
    assert world.entered.wait(30)
    client.__exit__()
    world.open.set()
    assert world.messages() == [{"owner": "alice", "report": report_id}]


class TestReuse:
    """The same photos of one user within a day, where the setting allows it."""

    @pytest.fixture(autouse=True)
    def _reuse(self, world: World) -> None:
        world.reuse = True

    def test_reused_answer_is_marked(self, client: TestClient, world: World, jpeg: Jpeg) -> None:
        first, second = post(client, jpeg()).json(), post(client, jpeg()).json()
        assert world.model_calls == 1
        assert (first["model"]["reused"], second["model"]["reused"]) == (False, True)
        assert first["id"] != second["id"]
        assert first["evidence"] == second["evidence"]

    def test_other_users_answer_is_not_reused(self, client: TestClient, world: World, jpeg: Jpeg) -> None:
        post(client, jpeg())
        mallory = {"Authorization": "Bearer token-of-mallory"}
        answer = client.post("/analyze", files={"images": jpeg()}, headers=mallory)
        assert (answer.json()["model"]["reused"], world.model_calls) == (False, 2)

    def test_erased_answer_is_not_reused(self, client: TestClient, world: World, jpeg: Jpeg) -> None:
        client.delete(f"/reports/{post(client, jpeg()).json()['id']}")
        assert post(client, jpeg()).json()["model"]["reused"] is False


class TestAsync:
    """An endpoint that answers later."""

    @pytest.fixture(autouse=True)
    def _async(self, world: World) -> None:
        world.asynchronous = True

    def test_inference_id_starts_with_the_report(self, client: TestClient, world: World, jpeg: Jpeg) -> None:
        report = waiting(client, jpeg())
        assert "minutes to wake" in report["waiting"]
        assert (report["status"], report["stage"]) == ("running", "model")
        assert report["waiting_code"] == "model_pending"
        inference_id = world.question.headers["X-Amzn-SageMaker-Inference-Id"].decode()
        assert inference_id.startswith(f"{report['id']}.")
        assert len(inference_id) <= 64
        assert len(json.loads(world.question.body)["photos"]) == 1

    def test_large_request_is_stored_and_erased(self, client: TestClient, world: World) -> None:
        noisy = [("images", world.noise(number)) for number in range(3)]
        answer = client.post("/analyze", files=noisy, headers={"Prefer": "wait=0"})
        place = f"requests/{answer.json()['id']}.json"
        assert world.entered.wait(30)
        client.get(answer.headers["location"], headers={"Prefer": "wait=1"})
        assert place in world.kept()
        assert world.question.headers["X-Amzn-SageMaker-InputLocation"].decode() == f"s3://{BUCKET}/{place}"
        erased = client.delete(answer.headers["location"])
        assert (erased.status_code, erased.json()["erased"]["photos"]) == (200, 3)
        assert "inference" in [copy["where"] for copy in erased.json()["remaining"]]
        assert world.kept() == []
