"""The jobs queue's consumer over stores: each report ends once, in any order of messages."""

import itertools
import json
from dataclasses import replace
from datetime import timedelta
from io import BytesIO

import httpx2
import pytest
from botocore.exceptions import ParamValidationError
from PIL import Image

from services.core.domain.report import Status
from services.core.domain.stored_report import Lease, seconds_now
from services.core.messaging.job_queue import JobQueue
from services.core.vision.async_endpoint import LOST_AFTER_S, PROBE
from services.results.jobs import MOST_ATTEMPTS
from services.results.sweep import sweep
from tests.services.conftest import TABLE
from tests.services.results.shop import ANSWER, BUCKET, ENDED, ID, RESUME, Shop, pending, result

# What SageMaker's notification says of a container that was killed, is overloaded, or lost its request.
FAILURES = (
    'ClientError: Received server error (500) from primary with message "x"',
    'ClientError: Received client error (404) from model with message "Model not found"',
    'ClientError: Received client error (429) from model with message ""',
    "ClientError: Model invocation timed out.",
    "InternalFailure",
)


class TestRealtime:
    def test_abandoned_report_is_finished(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        assert shop.settle(RESUME) == []
        report = shop.report()
        assert report.status == Status.SUCCEEDED
        assert report.product is not None
        assert (shop.model_calls, shop.llm_calls) == (1, 1)

    def test_narration_shows_as_the_stage(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        shown: list[object] = []
        shop.during_llm = lambda: shown.append((shop.report().stage, shop.report().waiting_code))
        assert shop.settle(RESUME) == []
        assert shown == [("narrate", None)]
        assert shop.report().stage is None

    def test_leased_report_is_retried(self, shop: Shop) -> None:
        shop.accept(lease=Lease("alive", seconds_now() + 60))
        assert shop.settle(RESUME) == ["0"]
        assert shop.model_calls == 0

    def test_concurrent_messages_make_one_report(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        assert len(shop.settle(RESUME, RESUME, RESUME)) == 2
        assert shop.settle(RESUME, RESUME) == []
        assert (shop.model_calls, shop.llm_calls) == (1, 1)

    def test_erased_report_is_done(self, shop: Shop) -> None:
        assert shop.settle(RESUME) == []
        assert shop.model_calls == 0

    def test_report_erased_during_narration_stays_erased(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        shop.during_llm = lambda: shop.reports.delete(shop.reports.get("alice", ID))
        assert shop.settle(RESUME) == []
        assert shop.reports.page("alice", 5).reports == ()

    def test_unavailable_model_leaves_report_queued(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        shop.status = 503
        assert shop.settle(RESUME) == ["0"]
        assert shop.report().status == Status.QUEUED
        shop.status = 200
        assert shop.settle(RESUME) == []
        assert shop.report().status == Status.SUCCEEDED

    def test_last_attempt_is_left_to_sweep(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        shop.status = 503
        assert shop.settle(RESUME, attempt=MOST_ATTEMPTS) == []
        assert sweep(shop.leases, shop.queue, idle_s=-60) == 1
        assert [json.loads(message["Body"]) for message in shop.waiting()] == [RESUME]

    @pytest.mark.parametrize(("large", "width"), [(False, 384), (True, 640)])
    def test_photo_is_sent_in_the_model_size(self, shop: Shop, large: bool, width: int) -> None:
        shop.accept(lease=ENDED)
        shop.large_photos = large
        assert shop.settle(RESUME) == []
        (photo,) = shop.photos
        assert Image.open(BytesIO(photo)).width == width

    def test_model_refusal_fails_report(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        shop.status, shop.problem = 424, {"__type": "ModelError", "OriginalStatusCode": 400}
        assert shop.settle(RESUME) == []
        failure = shop.report().failure
        assert failure is not None
        assert failure.code == "model_refused"

    def test_third_invalid_answer_fails_report(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        shop.invalid = True
        for _ in range(2):
            assert shop.settle(RESUME) == ["0"]
            assert "cannot be used" in (shop.report().waiting or "")
        assert shop.settle(RESUME) == []
        failure = shop.report().failure
        assert failure is not None
        assert failure.code == "model_answer_invalid"

    @pytest.mark.parametrize("code", ["AccessDeniedException", "ExpiredTokenException", "KMSAccessDenied"])
    def test_missing_permission_fails_no_report(self, shop: Shop, code: str) -> None:
        shop.accept(lease=ENDED)
        shop.status, shop.problem = 400, {"__type": code}
        assert shop.settle(RESUME) == ["0"]
        assert shop.report().status == Status.QUEUED

    def test_report_fails_after_24_hours(self, shop: Shop) -> None:
        shop.accept(lease=ENDED, age=timedelta(hours=25))
        shop.status = 503
        assert shop.settle(RESUME) == []
        failure = shop.report().failure
        assert failure is not None
        assert (failure.code, "24 hours" in failure.reason) == ("model_unavailable", True)

    def test_store_failure_retries_message(self, shop: Shop) -> None:
        shop.dynamodb.delete_table(TableName=TABLE)
        assert shop.settle(RESUME) == ["0"]


class TestAsync:
    @pytest.fixture(autouse=True)
    def _async(self, shop: Shop) -> None:
        shop.asynchronous = True

    def test_announced_answer_is_narrated_at_once(self, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
        renewals: list[object] = []
        monkeypatch.setattr(shop.leases, "renew", renewals.append)
        shop.accept(pending=pending())
        shop.store_answer()
        assert (shop.report().stage, shop.report().waiting_code) == ("model", "model_pending")
        shown: list[object] = []
        shop.during_llm = lambda: shown.append((shop.report().stage, shop.report().waiting_code))
        assert shop.settle(result()) == []
        assert shown == [("narrate", None)]
        # The lease is taken with the stage: no further write says it.
        assert renewals == []

    def test_result_ends_report_and_is_deleted(self, shop: Shop) -> None:
        shop.accept(pending=pending())
        shop.store_answer()
        assert shop.settle(result()) == []
        report = shop.report()
        assert (report.status, report.timings_ms.model is not None) == (Status.SUCCEEDED, True)
        assert (report.waiting, report.waiting_code, report.stage) == (None, None, None)
        keys = [item["Key"] for item in shop.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]
        assert keys == [f"photos/alice/{ID}/1.jpg"]
        assert shop.model_calls == 0

    def test_repeated_results_make_one_report(self, shop: Shop) -> None:
        shop.accept(pending=pending())
        shop.store_answer()
        shop.settle(result(), result(), RESUME)
        assert shop.settle(result(), RESUME) == []
        assert shop.llm_calls == 1

    def test_resume_replaces_lost_result(self, shop: Shop) -> None:
        shop.accept(pending=pending())
        shop.store_answer()
        assert shop.settle(RESUME) == []
        assert shop.report().status == Status.SUCCEEDED

    def test_working_endpoint_is_not_asked_again(self, shop: Shop) -> None:
        shop.accept(pending=pending())
        assert shop.settle(RESUME) == []
        assert (shop.report().status, shop.model_calls) == (Status.RUNNING, 0)

    def test_unasked_report_is_sent(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        assert shop.settle(RESUME) == []
        stored = shop.reports.get("alice", ID)
        assert stored.pending is not None
        assert (stored.pending.output_key, stored.lease, shop.model_calls) == (ANSWER, None, 1)

    def test_lost_inference_is_sent_again(self, shop: Shop) -> None:
        shop.accept(pending=pending(ago_s=LOST_AFTER_S + 1))
        assert shop.settle(RESUME) == []
        stored = shop.reports.get("alice", ID)
        assert stored.pending is not None
        assert stored.pending.attempt == 2

    def test_endpoint_failures_fail_no_report(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        for attempt, reason in enumerate(FAILURES * 4, 1):
            assert shop.settle(RESUME) == []
            failed = result("Failed", reason, shop.questions[-1])
            shop.settle(failed, failed, failed)
            assert shop.settle(failed) == []
            assert (shop.report().status, shop.model_calls) == (Status.QUEUED, attempt)
        shop.settle(RESUME)
        shop.store_answer()
        assert shop.settle(result(report_id=shop.questions[-1])) == []
        assert shop.report().status == Status.SUCCEEDED

    def test_failed_inference_is_retried_by_message(
        self, shop: Shop, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        delays: list[int] = []
        monkeypatch.setattr(JobQueue, "send", lambda queue, ref, delay_s: delays.append(delay_s))
        shop.accept(lease=ENDED)
        for _ in range(8):
            shop.settle(RESUME)
            shop.settle(result("Failed", FAILURES[0], shop.questions[-1]))
        assert delays == [15, 30, 60, 120, 240, 480, 900, 900]

    def test_earlier_result_changes_nothing(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        shop.settle(RESUME)
        shop.settle(result("Failed", FAILURES[0], shop.questions[0]))
        shop.settle(RESUME)
        before = shop.reports.get("alice", ID)
        late = result(report_id=shop.questions[0])
        late["responseParameters"]["outputLocation"] = f"s3://{BUCKET}/answers/0.out"
        shop.s3.put_object(Bucket=BUCKET, Key="answers/0.out", Body=b"{}")
        refused = result("Failed", 'Received client error (400) from model with message ""', "x")
        refused["inferenceId"] = shop.questions[0]
        assert shop.settle(late, refused, result("Failed", FAILURES[0], shop.questions[0])) == []
        assert shop.reports.get("alice", ID) == before
        assert "answers/0.out" not in shop.stored()

    def test_unrecorded_inference_is_used(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        shop.store_answer()
        assert shop.settle(result(report_id=f"{ID}.0123456789abcdef")) == []
        assert (shop.report().status, shop.model_calls) == (Status.SUCCEEDED, 0)
        assert shop.stored() == [f"photos/alice/{ID}/1.jpg"]

    def test_result_before_its_record_is_retried(self, shop: Shop) -> None:
        shop.accept(lease=Lease("sender", seconds_now() + 60))
        for message in (result(report_id=f"{ID}.01"), result("Failed", FAILURES[0], f"{ID}.01")):
            assert shop.settle(message) == ["0"]

    def test_deleted_answer_is_asked_for_again(self, shop: Shop) -> None:
        shop.accept(pending=pending())
        assert shop.settle(result()) == []
        assert shop.model_calls == 1

    def test_late_answer_ends_an_overdue_report(self, shop: Shop) -> None:
        shop.accept(pending=pending(), age=timedelta(hours=25))
        shop.store_answer()
        assert shop.settle(RESUME) == []
        assert shop.report().status == Status.SUCCEEDED

    @pytest.mark.parametrize("message", ["failed", "resume"])
    def test_overdue_report_fails(self, shop: Shop, message: str) -> None:
        shop.accept(pending=pending(ago_s=LOST_AFTER_S + 1), age=timedelta(hours=25))
        assert shop.settle(RESUME if message == "resume" else result("Failed", FAILURES[0])) == []
        failure = shop.report().failure
        assert failure is not None
        assert (failure.code, shop.model_calls) == ("model_unavailable", 0)

    def test_container_refusal_fails_without_message(self, shop: Shop) -> None:
        shop.accept(pending=pending())
        reason = 'ClientError: Received client error (400) from primary with message "secret"'
        assert shop.settle(result("Failed", reason)) == []
        failure = shop.report().failure
        assert failure is not None
        assert (failure.code, "secret" in failure.reason) == ("model_refused", False)

    def test_invalid_answer_fails_report(self, shop: Shop) -> None:
        shop.accept(lease=ENDED)
        for _ in range(3):
            assert shop.settle(RESUME) == []
            shop.store_answer(b'{"kinds": []}')
            assert shop.settle(result(report_id=shop.questions[-1])) == []
        failure = shop.report().failure
        assert failure is not None
        assert failure.code == "model_answer_invalid"
        assert shop.report().waiting is None

    def test_outcome_of_a_probe_is_left(self, shop: Shop) -> None:
        shop.store_answer()
        for attempt in (1, 2):
            assert shop.settle(result(report_id=f"{PROBE}.0123456789abcdef"), attempt=attempt) == []
        assert ANSWER in shop.stored()

    def test_answer_of_erased_report_is_deleted(self, shop: Shop) -> None:
        shop.store_answer()
        assert shop.settle(result(), attempt=1) == ["0"]
        assert shop.settle(result(), attempt=2) == []
        assert shop.s3.list_objects_v2(Bucket=BUCKET)["KeyCount"] == 0


def seen_by_llm(content: object) -> httpx2.Response:
    """A vision LLM's answer."""
    message = {"role": "assistant", "content": json.dumps(content)}
    usage = {"prompt_tokens": 1000, "completion_tokens": 100, "total_tokens": 1100}
    choices = [{"index": 0, "finish_reason": "stop", "message": message}]
    return httpx2.Response(
        200, json={"id": "b", "object": "chat.completion", "choices": choices, "usage": usage}
    )


MUG = {
    "type": {"answer": "mug", "sure": "high"},
    "material": {"answer": "ceramic", "sure": "medium"},
    "wear": [[{"answer": "chip", "sure": "high"}, {"answer": "crack", "sure": "low"}]],
    "caption": "a mug",
}


class TestFallback:
    """The fallback LLM, while the endpoint sleeps or is unavailable."""

    def test_fallback_replaces_sleeping_endpoint(self, shop: Shop) -> None:
        shop.asynchronous, shop.fallback_llm = True, seen_by_llm(MUG)
        shop.accept(pending=pending())
        assert shop.settle(RESUME) == []
        report = shop.report()
        assert report.product is not None
        assert (report.product.type, report.product.material) == ("mug", "ceramic")
        assert report.condition is not None
        assert [mark.tag for mark in report.condition.wear] == ["chip"]
        assert (report.model.bridge, report.model.artifact) == ("eyes", None)
        assert report.cost_usd == pytest.approx(0.0012)
        shop.store_answer()
        assert shop.settle(result()) == []
        assert shop.report() == report

    def test_fallback_replaces_unavailable_endpoint(self, shop: Shop) -> None:
        shop.status, shop.fallback_llm = 503, seen_by_llm(MUG)
        shop.accept(lease=ENDED)
        assert shop.settle(RESUME) == []
        assert shop.report().model.bridge == "eyes"

    @pytest.mark.parametrize("tokens", [10**400, -(10**9), "many", True, None, [1]], ids=str)
    def test_implausible_tokens_cost_nothing_known(self, shop: Shop, tokens: object) -> None:
        answer = json.loads(seen_by_llm(MUG | {"caption": "a mug\x00" * 9_000}).content)
        answer["usage"] = {"prompt_tokens": tokens, "completion_tokens": 100}
        shop.status, shop.fallback_llm = 503, httpx2.Response(200, text=json.dumps(answer))
        shop.accept(lease=ENDED)
        assert shop.settle(RESUME) == []
        report = shop.report()
        assert (report.status, report.cost_usd, report.caption) == (Status.SUCCEEDED, None, None)

    def test_endpoint_answer_has_precedence(self, shop: Shop) -> None:
        shop.asynchronous, shop.fallback_llm = True, seen_by_llm(MUG)
        shop.accept(pending=pending())
        shop.store_answer()
        assert shop.settle(RESUME) == []
        assert shop.report().model.bridge is None

    @pytest.mark.parametrize(
        "answer",
        [
            httpx2.Response(503),
            httpx2.Response(200, text="<html>"),
            httpx2.Response(200, json={"choices": []}),
            seen_by_llm(MUG | {"type": {"answer": "spoon", "sure": "high"}}),
            seen_by_llm(MUG | {"wear": []}),
            seen_by_llm({}),
            seen_by_llm(MUG | {"wear": [[{"answer": "chip", "sure": "high"}] * 100_000]}),
            httpx2.Response(200, text="[" * 500_000),
            httpx2.Response(200, content=b" " * 5_000_000),
            httpx2.Response(200, json=[]),
            httpx2.Response(200, json={"choices": [{"finish_reason": "stop", "message": None}]}),
        ],
        ids=itertools.count(),
    )
    def test_invalid_fallback_answer_is_retried(self, shop: Shop, answer: httpx2.Response) -> None:
        shop.asynchronous, shop.fallback_llm = True, answer
        shop.accept(pending=pending())
        assert shop.settle(RESUME) == ["0"]
        assert shop.reports.get("alice", ID).lease is None
        shop.fallback_llm = None
        shop.store_answer()
        assert shop.settle(result()) == []
        assert shop.report().status == Status.SUCCEEDED


@pytest.mark.parametrize("body", ["", "null", "[]", "not json", "{}", '{"owner": 1, "report": 2}'])
def test_unreadable_message_is_dead_lettered(shop: Shop, body: str) -> None:
    assert shop.settle(body or " ") == []
    (dead,) = shop.waiting(shop.dead_letters_url)
    assert "name of a report" in dead["MessageAttributes"]["reason"]["StringValue"]


@pytest.mark.parametrize("asynchronous", [False, True])
def test_our_mistake_is_never_retried(shop: Shop, asynchronous: bool) -> None:
    def refuse() -> None:
        raise ParamValidationError(report="Unknown parameter in input: Body")

    shop.accept(lease=ENDED)
    shop.asynchronous, shop.during_inference = asynchronous, refuse
    shop.settle(RESUME)
    failure = shop.report().failure
    assert failure is not None
    assert (failure.code, "Body" in failure.reason) == ("internal_error", False)
    assert shop.settle(RESUME) == []
    assert shop.model_calls == 1


def test_sweep_sends_each_idle_report_once(shop: Shop) -> None:
    shop.accept(lease=replace(ENDED, until=seconds_now() + 60))
    assert sweep(shop.leases, shop.queue, idle_s=-60) == 0
    shop.reports.delete(shop.reports.get("alice", ID))
    shop.accept(lease=ENDED)
    assert sweep(shop.leases, shop.queue) == 0
    assert sweep(shop.leases, shop.queue, idle_s=-60) == 1
