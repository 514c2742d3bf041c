"""What DELETE answers: what is erased, and which copies go later and when."""

from datetime import UTC, datetime, timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from services.core.domain.report import UNFINISHED
from services.core.domain.stored_report import StoredReport
from services.core.domain.timing import PRODUCTION

# DynamoDB keeps a table's changes for its stream, and its backups for point-in-time recovery, so long.
STREAM_LIFE = timedelta(days=1)
BACKUP_LIFE = timedelta(days=35)
# The lifecycle rule of the inference bucket deletes after a day, at the next midnight.
ANSWER_LIFE = timedelta(days=2)
# The pauses between the deliveries of an event, each at most 15 % longer than its figure.
DELIVERY_LIFE = timedelta(seconds=1.15 * sum(PRODUCTION.webhook_pauses_s))
_ADMINISTRATORS = "only administrators of the account can read it"


class Erased(BaseModel):
    """What no store holds any more."""

    model_config = ConfigDict(frozen=True)

    report: Literal[True] = True
    photos: int = Field(ge=0, description="How many photos were stored")
    inference: Literal[True] = Field(True, description="Requests to the model and its answers")
    observation: Literal[True] = Field(True, description="What the model saw, kept for a repeated request")


class Remaining(BaseModel):
    """A copy that goes later, at `until` at the latest."""

    model_config = ConfigDict(frozen=True)

    where: Literal["database", "inference", "table_stream", "table_backups"]
    until: datetime
    how: str


class ErasureReceipt(BaseModel):
    """A report's erasure. Queues and logs hold ids only, never photos or text, and expire by themselves."""

    model_config = ConfigDict(frozen=True)

    id: str
    erased_at: datetime
    erased: Erased
    remaining: tuple[Remaining, ...]


def erasure_receipt(stored: StoredReport, *, mirrored: bool) -> ErasureReceipt:
    """Return the receipt for a report that was erased now; `mirrored` if a database is told of reports."""
    now = datetime.now(UTC)
    remaining = []
    if mirrored:
        how = "the event report.erased deletes the row; it is delivered within seconds, or repeated for a day"
        remaining.append(Remaining(where="database", until=now + DELIVERY_LIFE, how=how))
    # A worker may have asked the model, and not have recorded it yet.
    if stored.pending is not None or stored.report.status in UNFINISHED:
        how = "the model may still be answering; its answer is deleted when it arrives"
        remaining.append(Remaining(where="inference", until=now + ANSWER_LIFE, how=how))
    how = f"DynamoDB's stream of changes holds the report's text for 24 hours; {_ADMINISTRATORS}"
    remaining.append(Remaining(where="table_stream", until=now + STREAM_LIFE, how=how))
    how = f"point-in-time recovery holds the report's text for 35 days; {_ADMINISTRATORS}"
    remaining.append(Remaining(where="table_backups", until=now + BACKUP_LIFE, how=how))
    erased = Erased(photos=len(stored.photos))
    return ErasureReceipt(id=stored.report.id, erased_at=now, erased=erased, remaining=tuple(remaining))
