"""Accepts a request: stores the photos and writes the report row, or records why it was refused."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

from anyio import to_thread
from botocore.exceptions import BotoCoreError, ClientError
from ulid import ULID

from services.core.domain.errors import QuotaExceeded, VitrineError
from services.core.domain.report import Failure, Provenance, Report, Status, Timings
from services.core.domain.stored_report import Lease, LeasedReport, RequestKey, StoredPhoto, StoredReport
from services.core.narrative.wording import Language
from services.core.photos.photo import Photo, digest
from services.core.storage.image_store import ImageStore, image_keys
from services.core.storage.reports import Reports
from services.core.telemetry import Stages

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SubmitReport:
    """A client's request for a report: its owner, its language, and its idempotency key."""

    owner: str
    language: Language
    key: RequestKey | None


@dataclass(frozen=True)
class Submission:
    """Accepts requests. `endpoint` is written into their reports, which expire after `retention`."""

    images: ImageStore
    reports: Reports
    endpoint: str
    retention: timedelta

    async def earlier(self, request: SubmitReport) -> StoredReport | None:
        """The report of an earlier request with the same key; without one, check the quota and return None.

        Raises KeyReused or QuotaExceeded.
        """
        if request.key is not None and (
            stored := await to_thread.run_sync(self.reports.earlier, request.owner, request.key)
        ):
            return stored
        await to_thread.run_sync(self.reports.check_quota, request.owner)
        return None

    async def accept(self, request: SubmitReport, photos: Sequence[Photo], stages: Stages) -> StoredReport:
        """Store the photos and write the report; the worker that gets its message takes it.

        Raises QuotaExceeded, or ReportInProgress if another request with the same key was first. After any
        error nothing stays stored, as far as the stores can be reached.
        """
        stored = self._queued(request, photos, stages)
        await self._write(stored, photos)
        return stored

    async def accept_leased(
        self, request: SubmitReport, photos: Sequence[Photo], stages: Stages, lease: Lease
    ) -> LeasedReport:
        """Do as `accept` does, and hold the report under `lease` from the start."""
        leased = self._queued(request, photos, stages).leased(lease)
        await self._write(leased, photos)
        return leased

    async def refuse(self, request: SubmitReport, error: VitrineError, stages: Stages) -> StoredReport | None:
        """Write a report that has failed with `error` as its reason, for a client that does not wait.

        It counts in its day like any other, unless it was refused for the day's count before any work.
        Returns None if the request's key is assigned to a report already, failed or not.
        """
        code = "quota_exceeded" if isinstance(error, QuotaExceeded) else "invalid_input"
        failure = Failure(code=code, reason=str(error))
        report = self._report(request, Status.FAILED, stages).model_copy(update={"failure": failure})
        stored = StoredReport(request.owner, report, (), key=request.key)
        counted = not isinstance(error, QuotaExceeded)
        return (
            stored
            if await to_thread.run_sync(partial(self.reports.refuse, counted=counted), stored)
            else None
        )

    def _queued(self, request: SubmitReport, photos: Sequence[Photo], stages: Stages) -> StoredReport:
        report = self._report(request, Status.QUEUED, stages)
        keys = image_keys(request.owner, report.id, len(photos))
        stored_photos = tuple(
            StoredPhoto(key, photo.width, photo.height, photo.flaws)
            for key, photo in zip(keys, photos, strict=True)
        )
        photos_digest = digest(photo.model_jpeg for photo in photos)
        return StoredReport(
            request.owner, report, stored_photos, key=request.key, photos_digest=photos_digest
        )

    def _report(self, request: SubmitReport, status: Status, stages: Stages) -> Report:
        now = datetime.now(UTC)
        return Report(
            id=str(ULID.from_datetime(now)),
            status=status,
            language=request.language,
            model=Provenance(endpoint=self.endpoint),
            timings_ms=Timings(**stages.timings),
            created_at=now,
            expires_at=now + self.retention,
        )

    async def _write(self, stored: StoredReport, photos: Sequence[Photo]) -> None:
        puts = (
            to_thread.run_sync(self.images.put, key, photo.stored_jpeg)
            for key, photo in zip(stored.pictures, photos, strict=True)
        )
        try:
            # Wait for all of them, so that a late one does not store a photo after the clean-up.
            for ended in await asyncio.gather(*puts, return_exceptions=True):
                if isinstance(ended, BaseException):
                    raise ended
            await to_thread.run_sync(self.reports.accept, stored)
        except Exception:
            await self._undo(stored)
            raise

    async def _undo(self, stored: StoredReport) -> None:
        try:
            await to_thread.run_sync(self.images.delete, stored.pictures)
            await to_thread.run_sync(self.reports.withdraw, stored)
        except (BotoCoreError, ClientError) as error:
            # Photos and row expire by themselves.
            logger.warning("submission not undone", extra={"reason": type(error).__name__})
