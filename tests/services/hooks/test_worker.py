"""The hooks queue's consumer over moto's stores: one report for each analysis, whatever comes how often."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
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
from services.core.domain.stored_report import StoredReport
from services.core.photos.photo import digest
from services.core.storage.leases import Leases
from services.core.storage.reports import Reports
from services.hooks import worker
from services.hooks.analysis_row import Insertion
from services.hooks.links import AnalysisLinks
from tests.services.conftest import TABLE
from tests.services.hooks.conftest import REGION, USER, insertion, record
from tests.services.results.queues import counts, lambda_event, taken

BUCKET = "images"
QUOTA = 2


@dataclass
class AnalysisIntake:
    """The function, and what lies around it."""

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
        """Queue rows, and let the function have all that can be seen; returns the ids that come again."""
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
        """Let what is hidden be seen again."""
        for handle in self.hidden:
            self.sqs.change_message_visibility(QueueUrl=self.asked, ReceiptHandle=handle, VisibilityTimeout=0)
        self.hidden.clear()

    def all_reports(self) -> tuple[Report, ...]:
        return self.reports.page(USER, 20).reports

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
        self.reports.end(held.with_report(held.report.model_copy(update={"status": status})))


@pytest.fixture
def desk(
    dynamodb: DynamoDBClient, sqs: SQSClient, monkeypatch: pytest.MonkeyPatch
) -> Iterator[AnalysisIntake]:
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
    yield AnalysisIntake(s3, sqs, dynamodb, asked, dead, jobs)
    worker._start()[0].close()
    worker._start.cache_clear()


def fail(monkeypatch: pytest.MonkeyPatch, kind: type, name: str, times: int = 1) -> None:
    """Let the first calls of a method find its store away."""
    call, left = getattr(kind, name), [times]

    def failing(*given: Any, **named: Any) -> Any:
        if left[0]:
            left[0] -= 1
            raise EndpointConnectionError(endpoint_url="https://aws.example.com")
        return call(*given, **named)

    monkeypatch.setattr(kind, name, failing)


class TestAccepted:
    def test_an_analysis_becomes_a_queued_report_that_a_job_may_take_at_once(
        self, desk: AnalysisIntake
    ) -> None:
        row = desk.row(desk.upload(), desk.upload(), language="fr")
        assert desk.tell(row) == []
        stored = desk.report()
        assert (stored.report.status, stored.report.language) == (Status.QUEUED, "fr")
        assert stored.lease is None
        assert desk.reminders() == [{"owner": USER, "report": stored.report.id}]
        assert Leases(desk.dynamodb, TABLE).take(stored.ref).lease is not None

    def test_its_key_names_the_analysis_and_tells_its_photos_as_the_service_does(
        self, desk: AnalysisIntake
    ) -> None:
        row = desk.row(desk.upload(), desk.upload())
        desk.tell(row)
        key = desk.report().key
        assert key is not None
        assert key.name == f"analysis:{row['id']}"
        assert key.digest == digest(upload.encode() for upload in row["upload_ids"])

    def test_uploads_become_pictures_and_are_erased(self, desk: AnalysisIntake) -> None:
        desk.tell(desk.row(desk.upload(), desk.upload()))
        assert sorted(desk.objects()) == sorted(desk.report().pictures)
        assert len(desk.objects()) == 2

    def test_a_strangers_upload_is_not_found_and_not_erased(self, desk: AnalysisIntake) -> None:
        theirs = desk.upload(owner=str(uuid4()))
        desk.tell(desk.row(theirs))
        failure = desk.report().report.failure
        assert failure is not None
        assert theirs in failure.reason
        assert any(theirs in key for key in desk.objects())


class TestOnce:
    def test_the_same_analysis_twice_is_one_report(self, desk: AnalysisIntake) -> None:
        row = desk.row()
        assert desk.tell(row, row) == []
        assert desk.tell(row) == []
        assert desk.report().report.status == Status.QUEUED

    def test_two_analyses_in_any_order_are_two_reports(self, desk: AnalysisIntake) -> None:
        one, other = desk.row(), desk.row()
        desk.tell(other, one)
        desk.tell(one, other)
        assert len(desk.all_reports()) == 2

    @pytest.mark.parametrize("status", [Status.SUCCEEDED, Status.FAILED])
    def test_one_that_comes_after_its_report_has_ended_is_none(
        self, desk: AnalysisIntake, status: Status
    ) -> None:
        row = desk.row()
        desk.tell(row)
        desk.end(status)
        desk.reminders()
        assert desk.tell(row) == []
        assert desk.report().report.status == status
        assert desk.reminders() == []

    def test_one_that_comes_after_its_report_was_erased_does_not_bring_it_back(
        self, desk: AnalysisIntake
    ) -> None:
        row = desk.row()
        desk.tell(row)
        desk.reports.delete(desk.report())
        assert desk.tell(row) == []
        assert desk.all_reports() == ()

    def test_a_refused_one_is_refused_once(self, desk: AnalysisIntake) -> None:
        row = desk.row(desk.upload(b"no photo"))
        desk.tell(row, row)
        assert desk.tell(row) == []
        assert desk.report().report.status == Status.FAILED

    def test_one_whose_key_another_worker_was_first_to_claim_is_its_report(
        self, desk: AnalysisIntake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = desk.row()
        desk.tell(row)
        # This one looked before the other had written, and fetched before the other had erased.
        monkeypatch.setattr(AnalysisLinks, "report_of", lambda *_: None)
        monkeypatch.setattr(Reports, "earlier", lambda *_: None)
        body = desk.s3.get_object(Bucket=BUCKET, Key=desk.report().pictures[0])["Body"].read()
        desk.s3.put_object(Bucket=BUCKET, Key=f"uploads/{USER}/{row['upload_ids'][0]}", Body=body)
        assert desk.tell(row) == []
        assert sorted(desk.objects()) == sorted(desk.report().pictures)


class TestRefused:
    @pytest.mark.parametrize("content", [b"no photo", b"\xff\xd8\xff cut short", b"GIF89a"])
    def test_a_bad_photo_ends_as_a_failed_report_that_names_it(
        self, desk: AnalysisIntake, content: bytes
    ) -> None:
        assert desk.tell(desk.row(desk.upload(), desk.upload(content))) == []
        stored = desk.report()
        assert stored.report.status == Status.FAILED
        assert stored.report.failure is not None
        assert stored.report.failure.code == "invalid_input"
        assert "upload_ids[1]" in stored.report.failure.reason
        assert stored.pictures == ()
        assert desk.reminders() == []

    @pytest.mark.parametrize("upload_id", [str(ULID()), "I" * 26])
    def test_a_missing_upload_ends_as_a_failed_report_that_names_it(
        self, desk: AnalysisIntake, upload_id: str
    ) -> None:
        assert desk.tell(desk.row(upload_id)) == []
        failure = desk.report().report.failure
        assert failure is not None
        assert (failure.code, upload_id in failure.reason) == ("invalid_input", True)

    def test_a_used_up_day_ends_as_a_failed_report(self, desk: AnalysisIntake) -> None:
        desk.tell(*(desk.row() for _ in range(QUOTA)))
        assert desk.tell(desk.row()) == []
        failed = [report for report in desk.all_reports() if report.failure]
        assert [report.failure.code for report in failed if report.failure] == ["quota_exceeded"]

    def test_a_refusal_leaves_the_day_as_it_was(self, desk: AnalysisIntake) -> None:
        desk.tell(*(desk.row(str(ULID())) for _ in range(QUOTA)))
        desk.tell(desk.row())
        assert [report.status for report in desk.all_reports()].count(Status.QUEUED) == 1

    def test_a_refused_rows_key_stays_taken_so_that_its_event_names_the_analysis(
        self, desk: AnalysisIntake
    ) -> None:
        row = desk.row(str(ULID()))
        desk.tell(row)
        key = desk.report().key
        assert key is not None
        assert key.name == f"analysis:{row['id']}"


class TestPoison:
    @pytest.mark.parametrize("body", ["nonsense", "[]", "{}", json.dumps(record(upload_ids=[])), "[" * 9999])
    def test_what_is_no_row_is_set_aside_with_its_reason(self, desk: AnalysisIntake, body: str) -> None:
        assert desk.tell(body) == []
        (dead,) = desk.sqs.receive_message(QueueUrl=desk.dead, MessageAttributeNames=["All"])["Messages"]
        assert dead["Body"] == body
        assert "not a row" in dead["MessageAttributes"]["reason"]["StringValue"]

    def test_a_row_that_came_with_other_photos_is_set_aside(
        self, desk: AnalysisIntake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        row = desk.row()
        desk.tell(row)
        monkeypatch.setattr(AnalysisLinks, "report_of", lambda *_: None)
        assert desk.tell({**row, "upload_ids": [desk.upload()]}) == []
        assert len(taken(desk.sqs, desk.dead)) == 1
        assert desk.report().report.status == Status.QUEUED

    def test_poison_does_not_keep_others_from_being_accepted(self, desk: AnalysisIntake) -> None:
        assert desk.tell("nonsense", desk.row()) == []
        assert desk.report().report.status == Status.QUEUED

    def test_it_is_kept_while_the_dead_letters_are_away(self, desk: AnalysisIntake) -> None:
        desk.sqs.delete_queue(QueueUrl=desk.dead)
        assert len(desk.tell("nonsense")) == 1


class TestAway:
    @pytest.mark.parametrize(
        ("kind", "name"),
        [
            ("services.hooks.links.Notes", "report_of"),
            ("services.core.storage.reports.Reports", "earlier"),
            ("services.core.storage.reports.Reports", "check_quota"),
            ("services.core.storage.uploads.Uploads", "fetch"),
            ("services.core.storage.image_store.Pictures", "put"),
            ("services.core.storage.reports.Reports", "accept"),
            ("services.core.messaging.job_queue.JobQueue", "send"),
            ("services.hooks.links.Notes", "became"),
        ],
    )
    def test_whatever_is_away_the_analysis_comes_again_and_is_one_report(
        self, desk: AnalysisIntake, monkeypatch: pytest.MonkeyPatch, kind: str, name: str
    ) -> None:
        module, _, owner = kind.rpartition(".")
        fail(monkeypatch, getattr(__import__(module, fromlist=[owner]), owner), name)
        row = desk.row()
        assert len(desk.tell(row)) == 1
        assert counts(desk.sqs, desk.asked) == (0, 1)
        desk.end_pauses()
        assert desk.tell() == []
        stored = desk.report()
        assert stored.report.status == Status.QUEUED
        assert {"owner": USER, "report": stored.report.id} in desk.reminders()
        assert sorted(desk.objects()) == sorted(stored.pictures)

    def test_a_refusal_that_could_not_be_written_comes_again(
        self, desk: AnalysisIntake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fail(monkeypatch, Reports, "refuse")
        assert len(desk.tell(desk.row(str(ULID())))) == 1
        desk.end_pauses()
        assert desk.tell() == []
        assert desk.report().report.status == Status.FAILED

    def test_only_the_analysis_whose_store_was_away_comes_again(
        self, desk: AnalysisIntake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fail(monkeypatch, Reports, "accept")
        assert len(desk.tell(desk.row(), desk.row())) == 1
        assert len(desk.all_reports()) == 1

    def test_it_waits_longer_each_time(self, desk: AnalysisIntake, monkeypatch: pytest.MonkeyPatch) -> None:
        fail(monkeypatch, Reports, "earlier", times=6)
        pauses: list[int] = []
        sqs = worker._start()[1]._sqs
        defer = sqs.change_message_visibility

        def noted(**given: Any) -> None:
            pauses.append(given["VisibilityTimeout"])
            defer(**given)

        monkeypatch.setattr(sqs, "change_message_visibility", noted)
        desk.tell(desk.row())
        for _ in range(5):
            desk.end_pauses()
            desk.tell()
        assert pauses == [15, 60, 240, 600, 600, 600]

    def test_uploads_that_cannot_be_erased_are_left_to_the_bucket(
        self, desk: AnalysisIntake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("services.core.storage.uploads.Uploads.delete", _denied)
        assert desk.tell(desk.row()) == []
        assert desk.report().report.status == Status.QUEUED

    def test_a_message_that_cannot_be_hidden_comes_again_all_the_same(
        self, desk: AnalysisIntake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        fail(monkeypatch, Reports, "earlier")
        monkeypatch.setattr(worker._start()[1]._sqs, "change_message_visibility", _denied)
        assert len(desk.tell(desk.row())) == 1

    def test_a_mistake_of_ours_comes_again(
        self, desk: AnalysisIntake, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def mistake(*_: object) -> None:
            raise ZeroDivisionError

        monkeypatch.setattr(Reports, "earlier", mistake)
        assert len(desk.tell(desk.row())) == 1


def _denied(*_: object, **__: object) -> None:
    raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "Any")


def test_what_the_door_queues_the_worker_reads(desk: AnalysisIntake) -> None:
    queued = Insertion.parse(insertion(desk.row())).record.model_dump_json()
    assert desk.tell(queued) == []
    assert desk.report().report.status == Status.QUEUED
