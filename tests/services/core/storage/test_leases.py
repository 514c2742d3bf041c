"""One worker at a time, and idle reports are found."""

import json
from collections.abc import Callable
from dataclasses import replace

import pytest

from services.core.domain.errors import LeaseHeld, ReportEnded, ReportNotFound
from services.core.domain.observation import PendingInference
from services.core.domain.report import Status
from services.core.domain.stored_report import (
    Lease,
    LeasedReport,
    ReportRef,
    StoredReport,
    seconds_now,
)
from services.core.domain.timing import PRODUCTION
from services.core.storage.leases import Idle, Leases
from services.core.storage.reports import Reports
from services.core.storage.rows import row_of, stored_report

New = Callable[..., LeasedReport]
REF = ReportRef("alice", f"{1:026d}")


def abandoned(leased: LeasedReport) -> LeasedReport:
    """As a crashed worker leaves it, once the lease has ended."""
    return replace(leased, lease=Lease("dead", seconds_now() - 1))


def ended(held: LeasedReport) -> LeasedReport:
    return replace(held, report=held.report.model_copy(update={"status": Status.SUCCEEDED}))


def test_leased_report_cannot_be_taken(reports: Reports, leases: Leases, new: New) -> None:
    reports.accept(new())
    with pytest.raises(LeaseHeld) as refused:
        leases.take(REF)
    assert refused.value.until > seconds_now()


def test_abandoned_report_is_taken_once(reports: Reports, leases: Leases, new: New) -> None:
    reports.accept(abandoned(new()))
    assert reports.get("alice", new().report.id).report.status == Status.QUEUED
    held = leases.take(REF)
    assert held.lease.until >= seconds_now() + PRODUCTION.lease_s - 1
    assert held.report.status == Status.RUNNING
    with pytest.raises(LeaseHeld):
        leases.take(REF)


def test_lost_lease_cannot_end_report(reports: Reports, leases: Leases, new: New) -> None:
    first = abandoned(new())
    reports.accept(first)
    second = leases.take(REF)
    with pytest.raises(LeaseHeld):
        reports.end(ended(first))
    reports.end(ended(second))
    with pytest.raises(ReportEnded):
        reports.end(ended(second))
    with pytest.raises(ReportEnded):
        leases.take(REF)


def test_release_frees_and_renew_holds(reports: Reports, leases: Leases, new: New) -> None:
    reports.accept(abandoned(new()))
    leases.release(leases.take(REF), "the model is away")
    assert reports.get("alice", new().report.id).report.waiting == "the model is away"
    leases.renew(leases.take(REF))
    with pytest.raises(LeaseHeld):
        leases.take(REF)


def test_lost_lease_cannot_renew_or_release(reports: Reports, leases: Leases, new: New) -> None:
    first = abandoned(new())
    reports.accept(first)
    leases.take(REF)
    with pytest.raises(LeaseHeld):
        leases.renew(first)
    with pytest.raises(LeaseHeld):
        leases.release(first, "away")


def test_erased_report_is_not_found(reports: Reports, leases: Leases, new: New) -> None:
    reports.accept(new())
    reports.delete(new())
    with pytest.raises(ReportNotFound):
        leases.take(REF)
    with pytest.raises(ReportNotFound):
        leases.release(new(), "away")


def test_pending_inference_is_recorded_and_released(reports: Reports, leases: Leases, new: New) -> None:
    pending = PendingInference(None, "answers/1.out", seconds_now(), 2)
    reports.accept(new())
    leases.record_inference(new(), pending)
    stored = reports.get("alice", new().report.id)
    assert (stored.pending, stored.lease, stored.report.status) == (pending, None, Status.RUNNING)
    held = leases.take(REF)
    assert held.pending == pending


def test_owner_of_finds_unfinished_reports(reports: Reports, leases: Leases, new: New) -> None:
    reports.accept(new())
    assert leases.owner_of(new().report.id) == "alice"
    reports.end(ended(new()))
    assert leases.owner_of(new().report.id) is None


def test_idle_skips_leased_and_ended(reports: Reports, leases: Leases, new: New) -> None:
    reports.accept(new(1))
    reports.accept(abandoned(new(2)))
    reports.accept(new(3))
    reports.end(ended(new(3)))
    assert list(leases.idle(60)) == []
    (idle,) = leases.idle(-60)
    assert idle.ref == new(2).ref
    assert not leases.touch(Idle(idle.ref, idle.since - 1))
    assert leases.touch(idle)


def test_lease_is_renewed_only_when_due(reports: Reports, leases: Leases, new: New) -> None:
    reports.accept(new())
    held = new()
    assert not leases.is_due(held)
    due = replace(held, lease=replace(held.lease, until=seconds_now() + PRODUCTION.lease_s // 3))
    assert leases.is_due(due)
    assert leases.renew(due).lease.until >= seconds_now() + PRODUCTION.lease_s - 1


class TestStage:
    """The stage that an owner reads of an unfinished report, and what it waits for."""

    @staticmethod
    def read(reports: Reports) -> tuple[str | None, str | None, Status]:
        report = reports.get("alice", REF.report_id).report
        return report.stage, report.waiting_code, report.status

    def test_report_without_a_worker_is_accepted(self, reports: Reports, new: New) -> None:
        leased = new()
        reports.accept(StoredReport(leased.owner, leased.report, leased.photos))
        assert self.read(reports) == ("accept", None, Status.QUEUED)

    def test_worker_begins_with_the_model(self, reports: Reports, leases: Leases, new: New) -> None:
        reports.accept(new())
        assert self.read(reports) == ("model", None, Status.RUNNING)

    def test_dead_workers_report_goes_on_with_the_model(
        self, reports: Reports, leases: Leases, new: New
    ) -> None:
        reports.accept(new())
        leases.renew(new(), "narrate")
        assert self.read(reports) == ("narrate", None, Status.RUNNING)
        short = Leases(leases._dynamodb, leases._table, lease_s=-1)
        short.renew(new())
        assert self.read(reports) == ("model", None, Status.QUEUED)
        leases.take(REF)
        assert self.read(reports) == ("model", None, Status.RUNNING)

    def test_pending_inference_waits_for_the_model(self, reports: Reports, leases: Leases, new: New) -> None:
        reports.accept(new())
        leases.record_inference(new(), PendingInference(None, "answers/1.out", seconds_now(), 1))
        assert self.read(reports) == ("model", "model_pending", Status.RUNNING)
        leases.take(REF, "narrate")
        report = reports.get("alice", REF.report_id).report
        assert (report.stage, report.waiting, report.waiting_code) == ("narrate", None, None)

    def test_unavailable_model_is_waited_for(self, reports: Reports, leases: Leases, new: New) -> None:
        reports.accept(new())
        leases.release(replace(new(), fault="catalogue_mismatch"), "another catalogue")
        assert self.read(reports) == ("model", "model_unavailable", Status.QUEUED)

    def test_replaced_service_is_no_fault_of_the_model(
        self, reports: Reports, leases: Leases, new: New
    ) -> None:
        reports.accept(new())
        leases.release(new(), "the service is being replaced")
        assert self.read(reports) == ("model", None, Status.QUEUED)

    def test_row_of_an_earlier_release_is_read(self, new: New) -> None:
        stored = row_of(new())
        known = {"id", "status", "language", "model", "created_at", "expires_at"}
        report = {name: value for name, value in json.loads(stored["report"]).items() if name in known}
        row = {name: value for name, value in stored.items() if value is not None}
        assert stored_report("alice", row | {"report": json.dumps(report)}).report.stage == "model"

    def test_ended_report_has_no_stage(self, reports: Reports, leases: Leases, new: New) -> None:
        reports.accept(new())
        leases.renew(new(), "narrate")
        reports.end(ended(new()))
        assert self.read(reports) == (None, None, Status.SUCCEEDED)
