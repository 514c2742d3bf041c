"""POST /hooks/supabase as the gateway calls it: what is queued, what is refused, and how fast."""

import json
import logging
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError, EndpointConnectionError, ParamValidationError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.embedded_metrics import extracted
from tests.services.hooks.conftest import (
    FOREIGN,
    NEW,
    OLD,
    SECRET,
    UPLOAD,
    USER,
    Answered,
    Hook,
    deletion,
    insertion,
    record,
    request_event,
    signed,
)
from tests.services.results.queues import taken

open_ended = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
HEADERS = ("webhook-id", "webhook-timestamp", "webhook-signature")


def queued(hook: Hook) -> list[Any]:
    return taken(hook.sqs, hook.queue_url)


@pytest.mark.parametrize("as_base64", [True, False])
def test_signed_row_is_queued(hook: Hook, as_base64: bool) -> None:
    row = record(language="fr", upload_ids=[UPLOAD] * 8)
    body = insertion(row)
    answer = hook.send(body, signed(body, f"anl_{row['id']}"), as_base64=as_base64)
    assert (answer.status, answer.content) == (202, {"analysis": row["id"]})
    (message,) = queued(hook)
    assert (message["id"], message["upload_ids"], message["language"]) == (row["id"], [UPLOAD] * 8, "fr")


def test_unknown_columns_are_ignored(hook: Hook) -> None:
    assert hook.post(record(note="new")).status == 202
    assert "note" not in queued(hook)[0]


def test_deleted_report_is_queued(hook: Hook) -> None:
    body = deletion()
    answer = hook.send(body, signed(body, f"era_{UPLOAD}"))
    assert (answer.status, answer.content) == (202, {"report": UPLOAD})
    assert queued(hook) == [{"id": UPLOAD, "user_id": USER}]


@pytest.mark.parametrize(
    "body",
    [
        deletion("R1"),
        deletion(user_id="me"),
        deletion(old_record=None),
        deletion(table="analyses"),
        deletion(type="UPDATE"),
        deletion(schema="auth"),
    ],
)
def test_wrong_deletion_is_refused(hook: Hook, body: bytes) -> None:
    assert hook.send(body, signed(body, "era_1")).status == 422
    assert queued(hook) == []


class TestSignature:
    def refused(self, hook: Hook, answer: Answered) -> None:
        assert answer.status == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.content["type"] == "urn:vitrine:problem:signature-invalid"
        assert queued(hook) == []

    @open_ended
    @given(data=st.data())
    def test_altered_byte_is_refused(self, hook: Hook, data: st.DataObject) -> None:
        body = insertion(record())
        place = data.draw(st.integers(0, len(body) - 1))
        byte = data.draw(st.integers(0, 255).filter(lambda value: value != body[place]))
        altered = body[:place] + bytes([byte]) + body[place + 1 :]
        self.refused(hook, hook.send(altered, signed(body, "anl_1")))

    @open_ended
    @given(name=st.sampled_from(HEADERS), value=st.text(st.characters(codec="ascii"), max_size=80))
    def test_altered_header_is_refused(self, hook: Hook, name: str, value: str) -> None:
        body = insertion(record())
        headers = signed(body, "anl_1")
        if value != headers[name]:
            self.refused(hook, hook.send(body, {**headers, name: value}))

    @pytest.mark.parametrize("name", HEADERS)
    def test_missing_header_is_named(self, hook: Hook, name: str) -> None:
        body = insertion(record())
        headers = signed(body, "anl_1")
        del headers[name]
        answer = hook.send(body, headers)
        self.refused(hook, answer)
        assert name in answer.content["detail"]

    def test_another_key_is_refused(self, hook: Hook) -> None:
        self.refused(hook, hook.post(record(), FOREIGN))

    @open_ended
    @given(age_s=st.integers(302, 86_400) | st.integers(-86_400, -330))
    def test_old_timestamp_is_refused(self, hook: Hook, age_s: int) -> None:
        body = insertion(record())
        self.refused(
            hook, hook.send(body, signed(body, "anl_1", moment=datetime.now(UTC) - timedelta(seconds=age_s)))
        )

    @pytest.mark.parametrize("age_s", [-290, 290])
    def test_recent_timestamp_is_accepted(self, hook: Hook, age_s: int) -> None:
        body = insertion(record())
        moment = datetime.now(UTC) - timedelta(seconds=age_s)
        assert hook.send(body, signed(body, "anl_1", moment=moment)).status == 202

    def test_secrets_are_not_answered_or_logged(self, hook: Hook, capsys: pytest.CaptureFixture[str]) -> None:
        body = insertion(record())
        headers = signed(body, "anl_1", FOREIGN)
        said = json.dumps(hook.send(body, headers).content) + "".join(capsys.readouterr())
        assert headers["webhook-signature"] not in said
        assert OLD.removeprefix("whsec_") not in said


class TestRotation:
    @pytest.fixture
    def clock(self, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> list[float]:
        now = [1000.0]
        keys = hook.module.__dict__["_inbox"].keys
        monkeypatch.setattr(keys, "_clock", lambda: now[0])
        return now

    @pytest.mark.parametrize("signer", [OLD, NEW, f"{OLD} {NEW}", f"{FOREIGN} {NEW}"])
    def test_both_keys_are_accepted(self, hook: Hook, signer: str) -> None:
        hook.change_secret(f"{OLD}\n{NEW}\n")
        assert hook.post(record(), signer).status == 202

    def test_rotated_key_is_taken_up(self, hook: Hook, clock: list[float]) -> None:
        assert hook.post(record()).status == 202
        hook.change_secret(NEW)
        clock[0] += 61
        assert hook.post(record(), NEW).status == 202
        assert hook.post(record(), OLD).status == 401

    def test_bad_signatures_reread_once_a_minute(
        self, hook: Hook, clock: list[float], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        reads: list[None] = []
        keys = hook.module.__dict__["_inbox"].keys
        read = keys._read

        def counted() -> Any:
            reads.append(None)
            return read()

        monkeypatch.setattr(keys, "_read", counted)
        for _ in range(3):
            hook.post(record(), FOREIGN)
        assert len(reads) == 1
        clock[0] += 61
        for _ in range(3):
            hook.post(record(), FOREIGN)
        assert len(reads) == 2

    def test_unreadable_secret_keeps_known_keys(self, hook: Hook, clock: list[float]) -> None:
        hook.post(record())
        hook.change_secret("no key at all")
        clock[0] += 61
        assert hook.post(record(), FOREIGN).status == 401
        assert hook.post(record()).status == 202

    @pytest.mark.parametrize("secret", ["no key", "whsec_!"])
    def test_unusable_secret_is_503(self, hook: Hook, secret: str) -> None:
        hook.change_secret(secret)
        answer = hook.post(record())
        assert (answer.status, answer.headers["retry-after"]) == (503, "30")
        assert SECRET not in json.dumps(answer.content)
        hook.change_secret(OLD)
        assert hook.post(record()).status == 202


class TestRepeats:
    def test_repeated_webhook_is_answered_alike(self, hook: Hook) -> None:
        row = record()
        first, second = hook.post(row), hook.post(row)
        assert (first.status, second.status) == (202, 202)
        assert first.content == second.content == {"analysis": row["id"]}

    def test_refused_webhook_may_be_corrected(self, hook: Hook) -> None:
        row = record()
        hook.post(row, FOREIGN)
        hook.send(broken := insertion({**row, "language": "de"}), signed(broken, f"anl_{row['id']}"))
        assert hook.post(row).status == 202


NO_ID = {key: value for key, value in record().items() if key != "id"}


class TestRecord:
    @pytest.mark.parametrize(
        ("body", "field"),
        [
            (b"", "body"),
            (b"nonsense", "body"),
            (b"[]", "body"),
            (b"[" * 5000, "body"),
            (insertion(record(), type="UPDATE"), "type"),
            (insertion(record(), table="users"), "table"),
            (insertion(record(), schema="auth"), "schema"),
            (insertion(record(), old_record={}), "old_record"),
            (insertion(None), "record"),
            (insertion(NO_ID), "record.id"),
            (insertion(record(id="1")), "record.id"),
            (insertion(record(user_id=None)), "record.user_id"),
            (insertion(record(upload_ids=[])), "record.upload_ids"),
            (insertion(record(upload_ids=[UPLOAD] * 9)), "record.upload_ids"),
            (insertion(record(upload_ids=UPLOAD)), "record.upload_ids"),
            (insertion(record(upload_ids=[UPLOAD, "../x"])), "record.upload_ids[1]"),
            (insertion(record(upload_ids=[f"{UPLOAD}\n"])), "record.upload_ids[0]"),
            (insertion(record(language="de")), "record.language"),
            (insertion(record(created_at="yesterday")), "record.created_at"),
            (insertion(record(created_at="2026-11-25T13:00:00")), "record.created_at"),
        ],
    )
    def test_wrong_row_is_refused_by_field(self, hook: Hook, body: bytes, field: str) -> None:
        answer = hook.send(body, signed(body, "anl_1"))
        assert (answer.status, answer.content["field"]) == (422, field)
        assert answer.content["remedy"]
        assert queued(hook) == []

    @open_ended
    @given(
        row=st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(),
            lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*record()]), inner),
            max_leaves=12,
        )
    )
    def test_any_signed_row_is_422(self, hook: Hook, row: object) -> None:
        body = insertion(row)
        assert hook.send(body, signed(body, "anl_1")).status == 422

    def test_large_body_is_refused(self, hook: Hook) -> None:
        body = insertion(record(note="x" * 20_000))
        assert hook.send(body, signed(body, "anl_1")).status == 413


@pytest.fixture
def failing(monkeypatch: pytest.MonkeyPatch) -> dict[str, Exception]:
    """The errors of AWS operations, by the operation's name; none at first."""
    errors: dict[str, Exception] = {}
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def make(client: BaseClient, operation: str, parameters: Any) -> Any:
        if operation in errors:
            raise errors[operation]
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", make)
    return errors


AWAY = EndpointConnectionError(endpoint_url="https://secret.example.com")
THROTTLED = ClientError({"Error": {"Code": "ThrottlingException", "Message": "secret"}}, "Any")


class TestAway:
    @pytest.mark.parametrize("error", [AWAY, THROTTLED])
    @pytest.mark.parametrize("operation", ["SendMessage", "GetSecretValue"])
    def test_sender_is_told_to_retry(
        self,
        hook: Hook,
        failing: dict[str, Exception],
        operation: str,
        error: Exception,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        failing[operation] = error
        answer = hook.post(record())
        assert (answer.status, answer.headers["retry-after"]) == (503, "30")
        assert "secret" not in json.dumps(answer.content) + "".join(capsys.readouterr())

    def test_mistake_is_not_told_as_an_outage(self, hook: Hook, failing: dict[str, Exception]) -> None:
        failing["SendMessage"] = ParamValidationError(report="secret")
        answer = hook.post(record())
        assert (answer.status, "secret" in json.dumps(answer.content)) == (500, False)

    def test_unqueued_webhook_may_be_repeated(self, hook: Hook, failing: dict[str, Exception]) -> None:
        row = record()
        failing["SendMessage"] = AWAY
        assert hook.post(row).status == 503
        failing.clear()
        assert hook.post(row).status == 202

    def test_hanging_store_is_not_awaited(self, hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
        released, ended = threading.Event(), threading.Event()

        def hang(*_: object) -> None:
            released.wait(30)
            ended.set()

        monkeypatch.setitem(hook.module.__dict__, "ANSWER_WITHIN_S", 0.05)
        monkeypatch.setattr(type(hook.module.__dict__["_inbox"]), "take", hang)
        answer = hook.post(record())
        assert (answer.status, ended.is_set()) == (503, False)
        released.set()

    def test_unexpected_error_is_a_problem(
        self, hook: Hook, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
    ) -> None:
        def mistake(*_: object) -> None:
            raise ZeroDivisionError("secret")

        monkeypatch.setattr(type(hook.module.__dict__["_inbox"]), "take", mistake)
        with caplog.at_level(logging.ERROR):
            answer = hook.post(record())
        assert (answer.status, "secret" in json.dumps(answer.content)) == (500, False)

    def test_server_error_is_a_metric(
        self, hook: Hook, monkeypatch: pytest.MonkeyPatch, log_lines: list[str]
    ) -> None:
        def mistake(*_: object) -> None:
            raise ZeroDivisionError("secret")

        monkeypatch.setattr(type(hook.module.__dict__["_inbox"]), "take", mistake)
        assert hook.post(record()).status == 500
        line = next(line for line in log_lines if json.loads(line)["message"] == "request failed")
        assert extracted(line)["ServerErrors"][:2] == (1, "Count")
        assert "secret" not in "".join(log_lines)

    def test_answer_limit_is_below_1_s(self, hook: Hook) -> None:
        assert hook.answer_within_s < 1


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/hooks/supabase", 405), ("POST", "/hooks", 404)]
)
def test_other_requests_are_problems(hook: Hook, method: str, path: str, status: int) -> None:
    event = request_event(b"", {})
    event["rawPath"] = event["requestContext"]["http"]["path"] = path
    event["requestContext"]["http"]["method"] = method
    answer = hook.answer(event)
    assert (answer.status, answer.content["status"]) == (status, status)


def test_callers_trace_is_kept(hook: Hook) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    answer = hook.send(b"", {"traceparent": f"00-{trace}-00f067aa0ba902b7-01"})
    assert answer.content["trace_id"] == trace


def test_queued_row_continues_the_trace(hook: Hook) -> None:
    trace = "4bf92f3577b34da6a3ce929d0e0e4736"
    body = insertion(record())
    hook.send(body, {**signed(body, "anl_1"), "traceparent": f"00-{trace}-00f067aa0ba902b7-00"})
    (message,) = hook.sqs.receive_message(QueueUrl=hook.queue_url, MessageAttributeNames=["All"])["Messages"]
    sent = message["MessageAttributes"]["traceparent"]["StringValue"]
    assert (sent[:36], sent[-3:]) == (f"00-{trace}-", "-00")
    assert "00f067aa0ba902b7" not in sent
