"""The hooks queue's consumer over moto's stores: one report for each analysis, however often it comes."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from mypy_boto3_dynamodb.client import DynamoDBClient
from mypy_boto3_s3.client import S3Client
from mypy_boto3_sqs.client import SQSClient
from PIL import Image
from ulid import ULID

from services.core.domain.report import Report, Status
from services.core.domain.stored_report import StoredReport, seconds_now
from services.core.photos.photo import digest
from services.core.photos.pool import Decoders, Overloaded
from services.core.storage.leases import Leases
from services.core.storage.reports import Reports
from services.hooks import worker
from services.hooks.intake import AnalysisLinks
from tests.services.conftest import TABLE
from tests.services.hooks.conftest import REGION, UPLOAD, USER, Hook, record
from tests.services.results.queues import counts, lambda_event, taken

BUCKET = "images"
QUOTA = 2


@dataclass
class Consumer:
    """The function with its stores and queues."""

    s3: S3Client
    sqs: SQSClient
    dynamodb: DynamoDBClient
    asked: str
    dead: str
    jobs: str
    hidden: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.reports = Reports(self.dynamodb, TABLE, QUOTA)

    def upload(self, content: bytes | None = None, owner: str = USER) -> str:
        """Send a photo, as the form of POST /uploads does; returns its id."""
        out = BytesIO()
        Image.new("RGB", (900, 600), (90, 120, 160)).save(out, "JPEG")
        upload_id = str(ULID())
        body = out.getvalue() if content is None else content
        self.s3.put_object(Bucket=BUCKET, Key=f"uploads/{owner}/{upload_id}", Body=body)
        return upload_id

    def row(self, *upload_ids: str, **changed: object) -> dict[str, Any]:
        return record(upload_ids=list(upload_ids) or [self.upload()], **changed)

    def tell(self, *rows: dict[str, Any] | str) -> list[str]:
        """Queue rows, and deliver all visible messages; returns the ids that stay in the queue."""
        for row in rows:
            body = row if isinstance(row, str) else json.dumps(row)
            self.sqs.send_message(QueueUrl=self.asked, MessageBody=body)
        event = lambda_event(self.sqs, self.asked)
        again = [
            each["itemIdentifier"]
            for each in worker.handle({"Records": event["Records"]}, None)["batchItemFailures"]
        ]
        for each in event["Records"]:
            if each["messageId"] in again:
                self.hidden.append(each["receiptHandle"])
            else:
                self.sqs.delete_message(QueueUrl=self.asked, ReceiptHandle=each["receiptHandle"])
        return again

    def end_pauses(self) -> None:
        """Make deferred messages visible."""
        for handle in self.hidden:
            self.sqs.change_message_visibility(QueueUrl=self.asked, ReceiptHandle=handle, VisibilityTimeout=0)
        self.hidden.clear()

    def all_reports(self) -> tuple[Report, ...]:
        return tuple(stored.report for stored in self.reports.page(USER, 20).reports)

    def report(self) -> StoredReport:
        (report,) = self.all_reports()
        return self.reports.get(USER, report.id)

    def objects(self) -> list[str]:
        return [each["Key"] for each in self.s3.list_objects_v2(Bucket=BUCKET).get("Contents", [])]

    def reminders(self) -> list[Any]:
        return taken(self.sqs, self.jobs)

    def end(self, status: Status) -> None:
        """Let the jobs end the report."""
        stored = self.report()
        held = Leases(self.dynamodb, TABLE).take(stored.ref)
        self.reports.end(replace(held, report=held.report.model_copy(update={"status": status})))


@pytest.fixture
def intake(dynamodb: DynamoDBClient, sqs: SQSClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Consumer]:
    s3: S3Client = boto3.client("s3", region_name=REGION)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ca-central-1"})
    asked, dead, jobs = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("hooks", "dead", "jobs"))
    variables = {
        "AWS_REGION": REGION,
        "REPORTS_TABLE": TABLE,
        "IMAGE_BUCKET": BUCKET,
        "MODEL_ENDPOINT": "blip2-endpoint",
        "JOBS_QUEUE_URL": jobs,
        "HOOKS_QUEUE_URL": asked,
        "HOOKS_DEAD_LETTERS_URL": dead,
        "QUOTA_PER_DAY": str(QUOTA),
        "RETENTION_DAYS": "30",
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    worker._start.cache_clear()
    yield Consumer(s3, sqs, dynamodb, asked, dead, jobs)
    worker._start()[0].close()
    worker._start.cache_clear()


def fail(monkeypatch: pytest.MonkeyPatch, kind: type, name: str, times: int = 1) -> None:
    """Let the first calls of a method fail as its store's outage does."""
    call, left = getattr(kind, name), [times]

    def failing(*given: Any, **named: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise EndpointConnectionError(endpoint_url="https://aws.example.com")
        return call(*given, **named)

    monkeypatch.setattr(kind, name, failing)


class TestAccepted:
    def test_analysis_becomes_a_queued_report(self, intake: Consumer) -> None:
        row = intake.row(intake.upload(), intake.upload(), language="fr")
        assert intake.tell(row) == []
        stored = intake.report()
        assert (stored.report.status, stored.report.language) == (Status.QUEUED, "fr")
        assert stored.lease is None
        assert intake.reminders() == [{"owner": USER, "report": stored.report.id}]
        assert Leases(intake.dynamodb, TABLE).take(stored.ref).lease is not None

    def test_settings_add_languages(self, intake: Consumer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("LISTING_LANGUAGES", '["en", "fr"]')
        worker._start.cache_clear()
        intake.tell(intake.row(intake.upload(), language="fr"))
        report = intake.report().report
        assert (report.language, report.languages) == ("fr", ("fr", "en"))

    def test_key_names_analysis_and_photos(self, intake: Consumer) -> None:
        row = intake.row(intake.upload(), intake.upload())
        intake.tell(row)
        key = intake.report().key
        assert key is not None
        assert key.name == f"analysis:{row['id']}"
        assert key.digest == digest(upload.encode() for upload in row["upload_ids"])

    def test_uploads_become_photos(self, intake: Consumer) -> None:
        intake.tell(intake.row(intake.upload(), intake.upload()))
        assert sorted(intake.objects()) == sorted(intake.report().pictures)
        assert len(intake.objects()) == 2

    def test_photos_have_their_colours(self, intake: Consumer) -> None:
        lamp = Path(__file__).parents[3] / "examples" / "photos" / "drawn-lamp.jpg"
        intake.tell(intake.row(intake.upload(lamp.read_bytes())))
        (photo,) = intake.report().photos
        assert photo.colours[0][0] == "blue"

    def test_other_users_upload_is_not_found(self, intake: Consumer) -> None:
        theirs = intake.upload(owner=str(uuid4()))
        intake.tell(intake.row(theirs))
        failure = intake.report().report.failure
        assert failure is not None
        assert theirs in failure.reason
        assert any(theirs in key for key in intake.objects())


class TestOnce:
    def test_repeated_analysis_is_one_report(self, intake: Consumer) -> None:
        row = intake.row()
        assert intake.tell(row, row) == []
        assert intake.tell(row) == []
        assert intake.report().report.status == Status.QUEUED

    def test_two_analyses_are_two_reports(self, intake: Consumer) -> None:
        one, other = intake.row(), intake.row()
        intake.tell(other, one)
        intake.tell(one, other)
        assert len(intake.all_reports()) == 2

    @pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED])
    def test_ended_analysis_is_not_repeated(self, intake: Consumer, status: Status) -> None:
        row = intake.row()
        intake.tell(row)
        intake.end(status)
        intake.reminders()
        assert intake.tell(row) == []
        assert intake.report().report.status == status
        assert intake.reminders() == []

    def test_erased_report_stays_erased(self, intake: Consumer) -> None:
        row = intake.row()
        intake.tell(row)
        intake.reports.delete(intake.report())
        assert intake.tell(row) == []
        assert intake.all_reports() == ()

    def test_refused_analysis_is_refused_once(self, intake: Consumer) -> None:
        row = intake.row(intake.upload(b"no photo"))
        intake.tell(row, row)
        assert intake.tell(row) == []
        assert intake.report().report.status == Status.FAILED

    def test_concurrent_worker_makes_one_report(
        self, intake: Consumer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = intake.row()
        intake.tell(row)
        # This worker looks before the other one writes, and fetches before it erases.
        monkeypatch.setattr(AnalysisLinks, "report_of", lambda *_: None)
        monkeypatch.setattr(Reports, "earlier", lambda *_: None)
        body = intake.s3.get_object(Bucket=BUCKET, Key=intake.report().pictures[0])["Body"].read()
        intake.s3.put_object(Bucket=BUCKET, Key=f"uploads/{USER}/{row['upload_ids'][0]}", Body=body)
        assert intake.tell(row) == []
        assert sorted(intake.objects()) == sorted(intake.report().pictures)


class TestRefused:
    @pytest.mark.parametrize("content", [b"no photo", b"\xff\xd8\xff cut short", b"GIF89a"])
    def test_bad_photo_fails_by_its_name(self, intake: Consumer, content: bytes) -> None:
        assert intake.tell(intake.row(intake.upload(), intake.upload(content))) == []
        stored = intake.report()
        assert stored.report.status == Status.FAILED
        assert stored.report.failure is not None
        assert stored.report.failure.code == "invalid_input"
        assert "upload_ids[1]" in stored.report.failure.reason
        assert stored.pictures == ()
        assert intake.reminders() == []

    def test_missing_upload_fails_by_its_name(self, intake: Consumer) -> None:
        upload_id = str(ULID())
        assert intake.tell(intake.row(upload_id)) == []
        failure = intake.report().report.failure
        assert failure is not None
        assert (failure.code, upload_id in failure.reason) == ("invalid_input", True)

    def test_used_up_quota_is_a_failed_report(self, intake: Consumer) -> None:
        intake.tell(*(intake.row() for _ in range(QUOTA)))
        assert intake.tell(intake.row()) == []
        failed = [report for report in intake.all_reports() if report.failure]
        assert [report.failure.code for report in failed if report.failure] == ["quota_exceeded"]

    def test_refusal_uses_quota(self, intake: Consumer) -> None:
        intake.tell(*(intake.row(str(ULID())) for _ in range(QUOTA)))
        intake.tell(intake.row())
        codes = [report.failure.code for report in intake.all_reports() if report.failure]
        assert sorted(codes) == ["invalid_input"] * QUOTA + ["quota_exceeded"]

    def test_refused_report_keeps_its_key(self, intake: Consumer) -> None:
        row = intake.row(str(ULID()))
        intake.tell(row)
        key = intake.report().key
        assert key is not None
        assert key.name == f"analysis:{row['id']}"


def test_deleted_report_becomes_an_erasure(intake: Consumer) -> None:
    assert intake.tell({"id": UPLOAD, "user_id": USER}) == []
    assert intake.reminders() == [{"owner": USER, "report": UPLOAD, "erase": True}]


class TestPoison:
    @pytest.mark.parametrize("body", ["nonsense", "[]", "{}", json.dumps(record(upload_ids=[])), "[" * 9999])
    def test_poison_is_dead_lettered(self, intake: Consumer, body: str) -> None:
        assert intake.tell(body) == []
        (dead,) = intake.sqs.receive_message(QueueUrl=intake.dead, MessageAttributeNames=["All"])["Messages"]
        assert dead["Body"] == body
        assert "not a row" in dead["MessageAttributes"]["reason"]["StringValue"]

    def test_changed_photos_are_dead_lettered(
        self, intake: Consumer, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = intake.row()
        intake.tell(row)
        monkeypatch.setattr(AnalysisLinks, "report_of", lambda *_: None)
        assert intake.tell({**row, "upload_ids": [intake.upload()]}) == []
        assert len(taken(intake.sqs, intake.dead)) == 1
        assert intake.report().report.status == Status.QUEUED

    def test_poison_blocks_no_other(self, intake: Consumer) -> None:
        assert intake.tell("nonsense", intake.row()) == []
        assert intake.report().report.status == Status.QUEUED

    def test_poison_stays_without_dead_letters(self, intake: Consumer) -> None:
        intake.sqs.delete_queue(QueueUrl=intake.dead)
        assert len(intake.tell("nonsense")) == 1


class TestAway:
    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            ("services.hooks.intake.AnalysisLinks", "report_of"),
            ("services.core.storage.reports.Reports", "earlier"),
            ("services.core.storage.reports.Reports", "check_quota"),
            ("services.core.storage.image_store.Uploads", "fetch"),
            ("services.core.storage.image_store.ImageStore", "put"),
            ("services.core.storage.reports.Reports", "accept"),
            ("services.core.messaging.job_queue.JobQueue", "send"),
            ("services.hooks.intake.AnalysisLinks", "link"),
        ],
    )
    def test_outage_is_retried_into_one_report(
        self, intake: Consumer, monkeypatch: pytest.MonkeyPatch, kind: str, name: str
    ) -> None:
        module, _, owner = kind.rpartition(".")
        fail(monkeypatch, getattr(__import__(module, fromlist=[owner]), owner), name)
        row = intake.row()
        assert len(intake.tell(row)) == 1
        assert counts(intake.sqs, intake.asked) == (0, 1)
        intake.end_pauses()
        assert intake.tell() == []
        stored = intake.report()
        assert stored.report.status == Status.QUEUED
        assert {"owner": USER, "report": stored.report.id} in intake.reminders()
        assert sorted(intake.objects()) == sorted(stored.pictures)

    def test_busy_decoders_are_retried(self, intake: Consumer, monkeypatch: pytest.MonkeyPatch) -> None:
        decode, overloaded = Decoders.decode, [True]

        def busy(*given: Any) -> Image.Image:
            if overloaded and overloaded.pop():
                raise Overloaded
            return decode(*given)

        monkeypatch.setattr(Decoders, "decode", busy)
        assert len(intake.tell(intake.row())) == 1
        assert not intake.all_reports()
        intake.end_pauses()
        assert intake.tell() == []
        assert intake.report().report.status == Status.QUEUED

    def test_unwritten_refusal_is_retried(self, intake: Consumer, monkeypatch: pytest.MonkeyPatch) -> None:
        fail(monkeypatch, Reports, "refuse")
        assert len(intake.tell(intake.row(str(ULID())))) == 1
        intake.end_pauses()
        assert intake.tell() == []
        assert intake.report().report.status == Status.FAILED

    def test_only_failed_analysis_is_retried(self, intake: Consumer, monkeypatch: pytest.MonkeyPatch) -> None:
        fail(monkeypatch, Reports, "accept")
        assert len(intake.tell(intake.row(), intake.row())) == 1
        assert len(intake.all_reports()) == 1

    def test_pauses_grow_with_each_attempt(self, intake: Consumer, monkeypatch: pytest.MonkeyPatch) -> None:
        fail(monkeypatch, Reports, "earlier", times=6)
        pauses: list[int] = []
        sqs = worker._start()[1].consumer.sqs
        defer = sqs.change_message_visibility

        def noted(**given: Any) -> None:
            pauses.append(given["VisibilityTimeout"])
            defer(**given)

        monkeypatch.setattr(sqs, "change_message_visibility", noted)
        intake.tell(intake.row())
        for _ in range(5):
            intake.end_pauses()
            intake.tell()
        assert pauses == [15, 60, 240, 600, 600, 600]

    def test_unerasable_uploads_are_left(self, intake: Consumer, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("services.core.storage.image_store.Uploads.delete", _denied)
        assert intake.tell(intake.row()) == []
        assert intake.report().report.status == Status.QUEUED

    def test_undeferrable_message_is_retried(self, intake: Consumer, monkeypatch: pytest.MonkeyPatch) -> None:
        fail(monkeypatch, Reports, "earlier")
        monkeypatch.setattr(worker._start()[1].consumer.sqs, "change_message_visibility", _denied)
        assert len(intake.tell(intake.row())) == 1

    def test_unexpected_error_is_retried(self, intake: Consumer, monkeypatch: pytest.MonkeyPatch) -> None:
        def mistake(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(Reports, "earlier", mistake)
        assert len(intake.tell(intake.row())) == 1


def _denied(*_: object, **__: object) -> None:
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "Any")


def test_repeated_webhook_is_one_report(hook: Hook, intake: Consumer) -> None:
    row = intake.row()
    assert [hook.post(row).status for _ in range(2)] == [202, 202]
    assert counts(intake.sqs, intake.asked) == (2, 0)
    assert intake.tell() == []
    assert intake.report().report.status == Status.QUEUED
    assert len(intake.reminders()) == 1


def test_link_outlives_the_webhooks_repeats(intake: Consumer) -> None:
    intake.tell(intake.row())
    rows = intake.dynamodb.scan(TableName=TABLE)["Items"]
    (link,) = [row for row in rows if row["pk"]["S"].startswith("analysis#")]
    assert timedelta(days=2) < timedelta(seconds=int(link["expires_at"]["N"]) - seconds_now())
