"""One worker at a time, and no report that nobody finds."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from services.core.domain.errors import LeaseHeld, ReportEnded, ReportNotFound
from services.core.domain.report import Status
from services.core.domain.stored_report import Lease, PendingInference, StoredReport, seconds_now
from services.core.storage.leases import LEASE_S, Idle, Leases
from services.core.storage.reports import Reports

New = Callable[..., StoredReport]


def abandoned(stored: StoredReport) -> StoredReport:
    """As its maker leaves it by dying, once the lease has run out."""
    return replace(stored, lease=Lease("dead", seconds_now() - 1))


def ended(held: StoredReport) -> StoredReport:
    return held.with_report(held.report.model_copy(update={"status": Status.SUCCEEDED}))


def test_a_report_that_is_held_is_taken_by_nobody_else(reports: Reports, leases: Leases, new: New) -> None:
    reports.accept(new())
    with pytest.raises(LeaseHeld) as refused:
        leases.take("alice", new().report.id)
    assert refused.value.until > seconds_now()


def test_an_abandoned_report_is_taken_once(reports: Reports, leases: Leases, new: New) -> None:
    reports.accept(abandoned(new()))
    assert reports.get("alice", new().report.id).report.status == Status.QUEUED
    held = leases.take("alice", new().report.id)
    assert held.lease is not None
    assert held.lease.until >= seconds_now() + LEASE_S - 1
    assert held.report.status == Status.RUNNING
    with pytest.raises(LeaseHeld):
        leases.take("alice", new().report.id)


def test_whoever_lost_the_lease_does_not_end_the_report(reports: Reports, leases: Leases, new: New) -> None:
    first = abandoned(new())
    reports.accept(first)
    second = leases.take("alice", new().report.id)
    with pytest.raises(LeaseHeld):
        reports.end(ended(first))
    reports.end(ended(second))
    with pytest.raises(ReportEnded):
        reports.end(ended(second))
    with pytest.raises(ReportEnded):
        leases.take("alice", new().report.id)


def test_a_released_report_is_free_and_a_prolonged_one_is_not(
    reports: Reports, leases: Leases, new: New
) -> None:
    reports.accept(abandoned(new()))
    leases.release(leases.take("alice", new().report.id), "the model is away")
    assert reports.get("alice", new().report.id).report.waiting == "the model is away"
    leases.renew(leases.take("alice", new().report.id))
    with pytest.raises(LeaseHeld):
        leases.take("alice", new().report.id)


def test_a_lease_that_passed_on_is_neither_prolonged_nor_released(
    reports: Reports, leases: Leases, new: New
) -> None:
    first = abandoned(new())
    reports.accept(first)
    leases.take("alice", new().report.id)
    with pytest.raises(LeaseHeld):
        leases.renew(first)
    with pytest.raises(LeaseHeld):
        leases.release(first, "away")


def test_an_erased_report_is_not_found(reports: Reports, leases: Leases, new: New) -> None:
    reports.accept(new())
    reports.erase(new())
    with pytest.raises(ReportNotFound):
        leases.take("alice", new().report.id)
    with pytest.raises(ReportNotFound):
        leases.release(new(), "away")


def test_what_the_endpoint_was_asked_is_kept_and_nobody_holds_the_report(
    reports: Reports, leases: Leases, new: New
) -> None:
    asked = PendingInference(None, "answers/1.out", seconds_now(), 2)
    reports.accept(new())
    leases.record_inference(new(), asked)
    stored = reports.get("alice", new().report.id)
    assert (stored.asked, stored.lease, stored.report.status) == (asked, None, Status.RUNNING)
    held = leases.take("alice", new().report.id)
    assert held.asked == asked


def test_the_index_knows_whose_an_unfinished_report_is(reports: Reports, leases: Leases, new: New) -> None:
    reports.accept(new())
    assert leases.owner_of(new().report.id) == "alice"
    reports.end(ended(new()))
    assert leases.owner_of(new().report.id) is None


def test_idle_are_those_that_nobody_holds_or_touched(reports: Reports, leases: Leases, new: New) -> None:
    reports.accept(new(1))
    reports.accept(abandoned(new(2)))
    reports.accept(new(3))
    reports.end(ended(new(3)))
    assert list(leases.idle(60)) == []
    (idle,) = leases.idle(-60)
    assert (idle.owner, idle.report_id) == ("alice", new(2).report.id)
    assert not leases.touch(Idle(idle.owner, idle.report_id, idle.since - 1))
    assert leases.touch(idle)
