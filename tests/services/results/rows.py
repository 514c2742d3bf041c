"""Rows of the reports table, in any state."""

from datetime import UTC, datetime, timedelta

from services.core.domain.failure import Failure
from services.core.domain.report import Provenance, Report, Status
from services.core.domain.stored_report import RequestKey, StoredPhoto, StoredReport


def row(
    status: Status = Status.SUCCEEDED,
    number: int = 1,
    owner: str = "alice",
    key: str | None = None,
    description: str | None = None,
) -> StoredReport:
    """Return a row; numbers tell reports apart."""
    now = datetime.now(UTC)
    report = Report(
        id=f"{number:026d}",
        status=status,
        description=description,
        language="fr",
        model=Provenance(endpoint="blip2-endpoint"),
        created_at=now,
        expires_at=now + timedelta(days=30),
        failure=Failure(code="model_unavailable", reason="away") if status == Status.FAILED else None,
    )
    photos = (StoredPhoto(f"photos/{owner}/{number}/1.jpg"),)
    return StoredReport(owner, report, photos, key=RequestKey(key, "d1") if key else None)
