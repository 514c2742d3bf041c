"""How an order becomes a report that ends, whoever dies: pictures kept, row written. Or why it is refused."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from anyio import to_thread
from botocore.exceptions import BotoCoreError, ClientError
from ulid import ULID

from services.core.domain.errors import QuotaExceeded, VitrineError
from services.core.domain.report import Failure, Provenance, Report, Status
from services.core.domain.stored_report import Lease, RequestKey, StoredReport
from services.core.narrative.wording import Language
from services.core.photos.photo import Photo, digest
from services.core.storage.image_store import ImageStore, image_keys
from services.core.storage.reports import Reports
from services.core.telemetry import Stages

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SubmitReport:
    """What a client asks for: whose report, in which language, under which idempotency key."""

    owner: str
    language: Language
    key: RequestKey | None


@dataclass(frozen=True)
class Submission:
    """Takes orders on behalf of the endpoint that will be asked."""

    pictures: ImageStore
    reports: Reports
    endpoint: str
    retention: timedelta

    async def earlier(self, order: SubmitReport) -> StoredReport | None:
        """The report that the order's key already stands for; without one, whether there may be another.

        Raises KeyReused or QuotaExceeded.
        """
        if order.key is not None and (
            stored := await to_thread.run_sync(self.reports.earlier, order.owner, order.key)
        ):
            return stored
        await to_thread.run_sync(self.reports.check_quota, order.owner)
        return None

    async def accept(
        self, order: SubmitReport, photos: Sequence[Photo], stages: Stages, lease: Lease | None = None
    ) -> StoredReport:
        """Keep the pictures and write the report, held under `lease`; without one, anybody may take it.

        Raises QuotaExceeded, or ReportInProgress when another request of the same key was first. Whatever is
        raised, nothing is kept, as far as the stores can be reached.
        """
        report = self._new(order, Status.QUEUED, stages)
        keys = image_keys(order.owner, report.id, len(photos))
        photos_digest = digest(photo.seen for photo in photos)
        stored = StoredReport(order.owner, report, keys, order.key, photos_digest, lease)
        puts = (
            to_thread.run_sync(self.pictures.put, key, photo.kept)
            for key, photo in zip(keys, photos, strict=True)
        )
        try:
            # All of them end before anything is undone.
            for ended in await asyncio.gather(*puts, return_exceptions=True):
                if isinstance(ended, BaseException):
                    raise ended
            await to_thread.run_sync(self.reports.accept, stored)
        except Exception:
            await self._undo(stored)
            raise
        return stored

    async def refuse(self, order: SubmitReport, error: VitrineError, stages: Stages) -> StoredReport | None:
        """Write a report that has failed with the error as its reason, for who does not wait for an answer.

        None when the order's key already stands for a report, failed or not.
        """
        code = "quota_exceeded" if isinstance(error, QuotaExceeded) else "invalid_input"
        failure = Failure(code=code, reason=str(error))
        report = self._new(order, Status.FAILED, stages).model_copy(update={"failure": failure})
        stored = StoredReport(order.owner, report, (), order.key)
        return stored if await to_thread.run_sync(self.reports.refuse, stored) else None

    def _new(self, order: SubmitReport, status: Status, stages: Stages) -> Report:
        now = datetime.now(UTC)
        return Report(
            id=str(ULID.from_datetime(now)),
            status=status,
            language=order.language,
            model=Provenance(endpoint=self.endpoint),
            timings_ms=stages.as_timings(),
            created_at=now,
            expires_at=now + self.retention,
        )

    async def _undo(self, stored: StoredReport) -> None:
        try:
            await to_thread.run_sync(self.pictures.erase, stored.pictures)
            await to_thread.run_sync(self.reports.withdraw, stored)
        except (BotoCoreError, ClientError) as error:
            # What stays behind expires by itself.
            logger.warning("what was accepted half was not undone", extra={"reason": type(error).__name__})
