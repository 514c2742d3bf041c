from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from botocore.stub import Stubber
from mypy_boto3_dynamodb.client import DynamoDBClient

from services.core.domain.errors import KeyReused, QuotaExceeded, ReportInProgress, ReportNotFound
from services.core.domain.failure import Failure
from services.core.domain.report import Flaw, Status
from services.core.domain.stored_report import LeasedReport, RequestKey, StoredPhoto
from services.core.storage.reports import Reports
from services.core.storage.rows import row_of, stored_report
from services.core.storage.transactions import WriteRefused
from tests.services.conftest import TABLE

New = Callable[..., LeasedReport]


def ended(stored: LeasedReport, status: Status = Status.SUCCEEDED) -> LeasedReport:
    failure = Failure(code="model_unavailable", reason="away") if status == Status.FAILED else None
    return replace(stored, report=stored.report.model_copy(update={"status": status, "failure": failure}))


def test_report_is_found_by_owner_only(reports: Reports, new: New) -> None:
    reports.accept(new())
    assert reports.get("alice", new().report.id).report.status == Status.RUNNING
    with pytest.raises(ReportNotFound):
        reports.get("mallory", new().report.id)


def test_facts_of_photos_are_kept(reports: Reports, new: New) -> None:
    photos = (
        StoredPhoto("a.jpg", 768, 576, (Flaw.TOO_DARK,)),
        StoredPhoto("b.jpg", 300, 400, colours=(("blue", 0.62), ("navy", 0.29))),
    )
    reports.accept(replace(new(), photos=photos))
    assert reports.get("alice", new().report.id).photos == photos


def test_row_without_facts_of_photos_is_read(new: New) -> None:
    row = {name: value for name, value in row_of(new()).items() if name != "photos" and value is not None}
    assert stored_report("alice", row).photos == new().photos


def test_expired_report_is_not_found(reports: Reports, new: New) -> None:
    past = datetime.now(UTC) - timedelta(seconds=5)
    stored = new()
    reports.accept(replace(stored, report=stored.report.model_copy(update={"expires_at": past})))
    with pytest.raises(ReportNotFound):
        reports.get("alice", stored.report.id)
    assert reports.page("alice", 10).reports == ()


def test_quota_is_per_user_and_day(reports: Reports, new: New) -> None:
    for number in range(3):
        reports.accept(new(number))
    with pytest.raises(QuotaExceeded) as refused:
        reports.accept(new(4))
    assert 0 < refused.value.resets_in <= 86_400
    reports.accept(new(5, owner="bob"))


def test_check_quota_refuses_beforehand(reports: Reports, new: New) -> None:
    reports.check_quota("alice")
    for number in range(3):
        reports.accept(new(number))
    with pytest.raises(QuotaExceeded):
        reports.check_quota("alice")
    reports.check_quota("bob")


def test_quota_refusal_writes_nothing(reports: Reports, new: New) -> None:
    for number in range(3):
        reports.accept(new(number))
    with pytest.raises(QuotaExceeded):
        reports.accept(new(9, key="k9"))
    assert reports.earlier("alice", RequestKey("k9", "d1")) is None
    with pytest.raises(ReportNotFound):
        reports.get("alice", new(9).report.id)


def test_failed_report_is_not_counted(reports: Reports, new: New) -> None:
    for number in range(3):
        reports.accept(new(number))
        reports.end(ended(new(number), Status.FAILED))
    reports.accept(new(4))


def test_withdraw_undoes_accept(reports: Reports, new: New) -> None:
    for number in range(3):
        reports.accept(new(number, key=f"k{number}"))
    reports.withdraw(new(2, key="k2"))
    reports.withdraw(new(9, key="k9"))
    assert len(reports.page("alice", 10).reports) == 2
    reports.accept(new(4, key="k2"))
    with pytest.raises(QuotaExceeded):
        reports.accept(new(5))


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_passing_cancellation_is_retried(dynamodb: DynamoDBClient, new: New, code: str) -> None:
    reasons = [{"Code": code}, {"Code": "None"}]
    with Stubber(dynamodb) as stub:
        for _ in range(2):
            stub.add_client_error(
                "transact_write_items",
                "TransactionCanceledException",
                modeled_fields={"CancellationReasons": reasons},
            )
        stub.add_response("transact_write_items", {})
        Reports(dynamodb, "reports", quota_per_day=5).accept(new())
        stub.assert_no_pending_responses()


@pytest.mark.parametrize("code", ["ValidationError", "ItemCollectionSizeLimitExceeded"])
def test_invalid_write_is_final(dynamodb: DynamoDBClient, new: New, code: str) -> None:
    reasons = [{"Code": "None"}, {"Code": code}]
    with Stubber(dynamodb) as stub:
        stub.add_client_error(
            "transact_write_items",
            "TransactionCanceledException",
            modeled_fields={"CancellationReasons": reasons},
        )
        with pytest.raises(WriteRefused, match=code):
            Reports(dynamodb, "reports", quota_per_day=5).end(ended(new()))


def test_too_large_report_is_refused(reports: Reports, new: New) -> None:
    reports.accept(new())
    large = ended(new())
    report = large.report.model_copy(update={"description": "x" * 500_000})
    with pytest.raises(WriteRefused):
        reports.end(replace(large, report=report))


@pytest.mark.parametrize("status", [Status.FAILED, Status.SUCCEEDED])
def test_reassigned_key_blocks_no_end(reports: Reports, new: New, status: Status) -> None:
    old = new(key="k")
    yesterday = old.report.model_copy(update={"created_at": old.report.created_at - timedelta(days=2)})
    reports.accept(replace(old, report=yesterday))
    reports.accept(new(2, key="k"))
    reports.end(ended(replace(old, report=yesterday), status))
    assert reports.get("alice", old.report.id).report.status == status
    earlier = reports.earlier("alice", RequestKey("k", "d1"))
    assert earlier is not None
    assert earlier.report.id == new(2).report.id


def test_reassigned_key_blocks_no_withdrawal(reports: Reports, new: New) -> None:
    old = new(key="k")
    yesterday = old.report.model_copy(update={"created_at": old.report.created_at - timedelta(days=2)})
    reports.accept(replace(old, report=yesterday))
    reports.accept(new(2, key="k"))
    reports.withdraw(replace(old, report=yesterday))
    with pytest.raises(ReportNotFound):
        reports.get("alice", old.report.id)


def test_expired_count_blocks_no_end(reports: Reports, dynamodb: DynamoDBClient, new: New) -> None:
    reports.accept(new())
    (count,) = (row for row in dynamodb.scan(TableName=TABLE)["Items"] if row["sk"]["S"].startswith("quota#"))
    dynamodb.delete_item(TableName=TABLE, Key={"pk": count["pk"], "sk": count["sk"]})
    reports.end(ended(new(), Status.FAILED))
    assert reports.get("alice", new().report.id).report.status == Status.FAILED


def test_key_of_vanished_report_reads_free(reports: Reports, dynamodb: DynamoDBClient, new: New) -> None:
    reports.accept(new(key="k"))
    row = {"pk": {"S": "user#alice"}, "sk": {"S": f"report#{new().report.id}"}}
    dynamodb.delete_item(TableName=TABLE, Key=row)
    assert reports.earlier("alice", RequestKey("k", "d1")) is None


def test_used_up_quota_hides_no_earlier_report(reports: Reports, new: New) -> None:
    for number in range(3):
        reports.accept(new(number, key=f"k{number}"))
    with pytest.raises(ReportInProgress) as refused:
        reports.accept(new(9, key="k1"))
    assert refused.value.report_id == new(1).report.id


@pytest.mark.parametrize("counted", [True, False])
def test_refusal_counts_in_its_day(reports: Reports, new: New, counted: bool) -> None:
    for number in range(5):
        assert reports.refuse(ended(new(number), Status.FAILED), counted=counted)
    if counted:
        with pytest.raises(QuotaExceeded):
            reports.check_quota("alice")
    else:
        reports.check_quota("alice")


def test_repeated_key_finds_ended_report(reports: Reports, new: New) -> None:
    reports.accept(new(key="k"))
    reports.end(ended(new(key="k")))
    earlier = reports.earlier("alice", RequestKey("k", "d1"))
    assert earlier is not None
    assert earlier.report.id == new().report.id


def test_reused_key_is_refused(reports: Reports, new: New) -> None:
    reports.accept(new(key="k"))
    with pytest.raises(KeyReused):
        reports.earlier("alice", RequestKey("k", "d2"))


def test_repeated_key_finds_running_report(reports: Reports, new: New) -> None:
    reports.accept(new(key="k"))
    earlier = reports.earlier("alice", RequestKey("k", "d1"))
    assert earlier is not None
    assert earlier.report.status == Status.RUNNING
    with pytest.raises(ReportInProgress) as refused:
        reports.accept(new(2, key="k"))
    assert refused.value.report_id == new().report.id


def test_delete_keeps_reassigned_key(reports: Reports, new: New) -> None:
    old = new(key="k")
    yesterday = old.report.model_copy(update={"created_at": old.report.created_at - timedelta(days=2)})
    reports.accept(replace(old, report=yesterday))
    reports.accept(new(2, key="k"))
    reports.delete(old)
    earlier = reports.earlier("alice", RequestKey("k", "d1"))
    assert earlier is not None
    assert earlier.report.id == new(2).report.id


def test_key_belongs_to_its_user(reports: Reports, new: New) -> None:
    reports.accept(new(key="k"))
    reports.accept(new(2, owner="bob", key="k"))


def test_failed_report_frees_its_key(reports: Reports, new: New) -> None:
    reports.accept(new(key="k"))
    reports.end(ended(new(key="k"), Status.FAILED))
    failure = reports.get("alice", new().report.id).report.failure
    assert failure is not None
    assert failure.code == "model_unavailable"
    reports.accept(new(2, key="k"))


def test_erased_report_cannot_end(reports: Reports, new: New) -> None:
    reports.accept(new(key="k"))
    reports.delete(new(key="k"))
    for status in (Status.SUCCEEDED, Status.FAILED):
        with pytest.raises(ReportNotFound):
            reports.end(ended(new(key="k"), status))
    with pytest.raises(ReportNotFound):
        reports.get("alice", new().report.id)
    assert reports.earlier("alice", RequestKey("k", "d1")) is None


def test_page_of_expired_reports_has_next(reports: Reports, new: New) -> None:
    past = datetime.now(UTC) - timedelta(seconds=5)
    reports.accept(new(1))
    for number in (2, 3):
        stored = new(number)
        reports.accept(replace(stored, report=stored.report.model_copy(update={"expires_at": past})))
    page = reports.page("alice", 2)
    assert page.reports == ()
    assert [stored.report.id for stored in reports.page("alice", 2, page.next).reports] == [new(1).report.id]


def test_page_cut_at_one_megabyte_has_next(dynamodb: DynamoDBClient, new: New) -> None:
    reports = Reports(dynamodb, "reports", quota_per_day=100)
    for number in range(4):
        stored = new(number)
        long = stored.report.model_copy(update={"description": "d" * 350_000})
        reports.accept(replace(stored, report=long))
    first = reports.page("alice", 100)
    assert 0 < len(first.reports) < 4
    second = reports.page("alice", 100, first.next)
    assert len(first.reports) + len(second.reports) == 4 and second.next is None


@pytest.mark.parametrize("count", [0, 1, 4, 5, 9])
def test_pages_list_newest_first(dynamodb: DynamoDBClient, new: New, count: int) -> None:
    reports = Reports(dynamodb, "reports", quota_per_day=100)
    for number in range(count):
        reports.accept(new(number))
        reports.accept(new(number, owner="bob"))
    seen: list[str] = []
    before = None
    while True:
        page = reports.page("alice", 4, before)
        assert len(page.reports) <= 4
        seen += [stored.report.id for stored in page.reports]
        before = page.next
        if before is None:
            break
    assert seen == [new(number).report.id for number in reversed(range(count))]


def test_failure_reason_is_bounded(new: New) -> None:
    failed = ended(new(), Status.FAILED)
    failure = Failure(code="invalid_input", reason="x" * 1_000_000)
    stored = replace(failed, report=failed.report.model_copy(update={"failure": failure}))
    assert len(str(row_of(stored))) < 4_000
