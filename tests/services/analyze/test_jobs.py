"""A request that becomes a job: accepted once, waited for as long as its client likes, never lost."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from services.core.domain.timing import PRODUCTION
from tests.services.analyze.conftest import BUCKET, World

Jpeg = Callable[..., bytes]


def post(client: TestClient, photo: bytes, prefer: str = "", key: str = "") -> Any:
    headers = {name: value for name, value in (("Prefer", prefer), ("Idempotency-Key", key)) if value}
    return client.post("/analyze", files={"images": photo}, headers=headers)


def delays(world: World, monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The delays of the messages that are sent from now on."""
    sent: list[int] = []
    real = world.sqs.send_message

    def send(**named: Any) -> Any:
        sent.append(named["DelaySeconds"])
        return real(**named)

    monkeypatch.setattr(world.sqs, "send_message", send)
    return sent


def test_a_client_in_no_mood_to_wait_is_told_where_the_report_will_be(
    client: TestClient, world: World, jpeg: Jpeg
) -> None:
    world.open.clear()
    answer = post(client, jpeg(), "respond-async")
    assert answer.status_code == 202
    assert answer.headers["preference-applied"] == "respond-async"
    assert int(answer.headers["retry-after"]) > 0
    place = answer.headers["location"]
    assert place == f"/reports/{answer.json()['id']}"
    assert answer.json()["status"] == "running"
    world.open.set()
    report = client.get(place, headers={"Prefer": "wait=10"})
    assert report.headers["preference-applied"] == "wait=10"
    assert report.json()["status"] == "succeeded"
    assert world.model_calls == 1


def test_a_model_slower_than_the_wait_is_a_202_and_a_report_later(
    client: TestClient, world: World, jpeg: Jpeg
) -> None:
    world.open.clear()
    answer = post(client, jpeg(), "wait=1")
    assert (answer.status_code, answer.headers["preference-applied"]) == (202, "wait=1")
    world.open.set()
    assert client.get(answer.headers["location"], headers={"Prefer": "wait=9"}).json()["product"]


def test_a_longer_wait_than_there_is_is_cut_and_said(client: TestClient, jpeg: Jpeg) -> None:
    answer = post(client, jpeg(), "wait=60")
    assert (answer.status_code, answer.headers["preference-applied"]) == (200, "wait=25")


def test_every_report_has_a_message_behind_it(
    client: TestClient, world: World, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = delays(world, monkeypatch)
    assert post(client, jpeg()).status_code == 200
    assert sent == [round(world.budget_s) + PRODUCTION.takeover_s]


def test_a_model_that_is_away_is_a_202_and_a_job_soon(
    client: TestClient, world: World, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = delays(world, monkeypatch)
    world.status, world.body = 503, b'{"message": "secret trace"}'
    answer = post(client, jpeg(), "wait=1")
    assert (answer.status_code, answer.json()["status"]) == (202, "queued")
    assert "every 15 minutes" in answer.json()["waiting"]
    assert "secret" not in answer.text
    assert PRODUCTION.model_retry_s in sent


def test_the_same_key_finds_the_job_and_other_photos_are_refused(
    client: TestClient, world: World, jpeg: Jpeg
) -> None:
    world.status, world.body = 503, b"{}"
    first = post(client, jpeg(), "wait=0", "k1")
    again = post(client, jpeg(), "wait=0", "k1")
    assert (again.status_code, again.json()["id"]) == (202, first.json()["id"])
    assert again.headers["idempotent-replayed"] == "true"
    assert post(client, jpeg(7), "wait=0", "k1").status_code == 422


def test_a_queue_that_is_away_delays_nobody(
    client: TestClient, world: World, jpeg: Jpeg, caplog: pytest.LogCaptureFixture
) -> None:
    world.sqs.delete_queue(QueueUrl=world.queue_url)
    assert post(client, jpeg()).status_code == 200
    assert "the job queue does not answer" in caplog.text


def test_work_that_is_cut_off_by_the_end_of_the_process_is_handed_on(
    client: TestClient, world: World, jpeg: Jpeg, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.analyze.app.DRAIN_S", 0.1)
    world.open.clear()
    report_id = post(client, jpeg(), "respond-async").json()["id"]
    assert world.entered.wait(5)
    client.__exit__()
    world.open.set()
    assert world.messages() == [{"owner": "alice", "report": report_id}]


class TestReuse:
    """The same photos of one user within a day, where the setting allows it."""

    @pytest.fixture(autouse=True)
    def _reuse(self, world: World) -> None:
        world.reuse = True

    def test_the_answer_is_reused_and_the_report_says_so(
        self, client: TestClient, world: World, jpeg: Jpeg
    ) -> None:
        first, second = post(client, jpeg()).json(), post(client, jpeg()).json()
        assert world.model_calls == 1
        assert (first["model"]["reused"], second["model"]["reused"]) == (False, True)
        assert first["id"] != second["id"]
        assert first["evidence"] == second["evidence"]

    def test_nobody_reuses_a_strangers_answer(self, client: TestClient, world: World, jpeg: Jpeg) -> None:
        post(client, jpeg())
        mallory = {"Authorization": "Bearer token-of-mallory"}
        answer = client.post("/analyze", files={"images": jpeg()}, headers=mallory)
        assert (answer.json()["model"]["reused"], world.model_calls) == (False, 2)

    def test_what_was_erased_is_not_reused(self, client: TestClient, world: World, jpeg: Jpeg) -> None:
        client.delete(f"/reports/{post(client, jpeg()).json()['id']}")
        assert post(client, jpeg()).json()["model"]["reused"] is False


class TestAsync:
    """An endpoint that is asked, and tells later."""

    @pytest.fixture(autouse=True)
    def _async(self, world: World) -> None:
        world.asynchronous = True

    def test_it_is_asked_under_the_reports_id_and_the_client_waits(
        self, client: TestClient, world: World, jpeg: Jpeg
    ) -> None:
        answer = post(client, jpeg(), "wait=1")
        assert (answer.status_code, answer.json()["status"]) == (202, "running")
        assert "minutes to wake" in answer.json()["waiting"]
        assert world.question.headers["X-Amzn-SageMaker-Inference-Id"].decode() == answer.json()["id"]
        assert len(json.loads(world.question.body)["photos"]) == 1

    def test_a_long_question_travels_as_an_object_and_goes_with_the_report(
        self, client: TestClient, world: World
    ) -> None:
        noisy = [("images", world.noise(number)) for number in range(3)]
        answer = client.post("/analyze", files=noisy, headers={"Prefer": "wait=0"})
        place = f"requests/{answer.json()['id']}.json"
        assert world.entered.wait(5)
        client.get(answer.headers["location"], headers={"Prefer": "wait=1"})
        assert place in world.kept()
        assert world.question.headers["X-Amzn-SageMaker-InputLocation"].decode() == f"s3://{BUCKET}/{place}"
        assert client.delete(answer.headers["location"]).status_code == 204
        assert world.kept() == []
