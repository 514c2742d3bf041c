"""What DELETE says of a report's copies."""

from datetime import datetime, timedelta

import pytest

from services.analyze.erasure_receipt import erasure_receipt
from services.core.domain.observation import PendingInference
from services.core.domain.report import Status
from services.core.domain.stored_report import StoredReport
from tests.services.results.rows import row


def remaining(stored: StoredReport, mirrored: bool) -> dict[str, timedelta]:
    receipt = erasure_receipt(stored, mirrored=mirrored)
    return {copy.where: copy.until - receipt.erased_at for copy in receipt.remaining}


@pytest.mark.parametrize("mirrored", [False, True])
def test_database_is_named_where_it_is_told(mirrored: bool) -> None:
    assert ("database" in remaining(row(), mirrored)) == mirrored


def test_backups_end_after_35_days() -> None:
    assert remaining(row(), mirrored=False) == {
        "table_stream": timedelta(days=1),
        "table_backups": timedelta(days=35),
    }


def test_unfinished_inference_is_named() -> None:
    asked = row()
    pending = PendingInference(None, "answers/1.out", 0)
    stored = StoredReport(asked.owner, asked.report, asked.photos, pending=pending)
    assert remaining(stored, mirrored=False)["inference"] >= timedelta(days=1)


@pytest.mark.parametrize("status", [Status.QUEUED, Status.RUNNING])
def test_unrecorded_inference_is_named(status: Status) -> None:
    assert "inference" in remaining(row(status), mirrored=False)


def test_receipt_counts_photos_and_dates_itself() -> None:
    receipt = erasure_receipt(row(), mirrored=True)
    assert receipt.erased.photos == 1
    assert receipt.erased_at.tzinfo is not None
    assert all(isinstance(copy.until, datetime) for copy in receipt.remaining)
