"""Accepts a request: stores the photos and writes the report row, or records why it was refused."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from anyio import to_thread
from pydantic import Field
from ulid import ULID

from catalogue.model import Language
from services.core.aws import CALL_ERRORS
from services.core.domain.errors import Busy, KeyReused, QuotaExceeded, VitrineError
from services.core.domain.failure import Failure
from services.core.domain.languages import with_others
from services.core.domain.report import Provenance, Report, Status, Timings
from services.core.domain.stored_report import Lease, LeasedReport, RequestKey, StoredPhoto, StoredReport
from services.core.photos.photo import Photo, digest
from services.core.secrets import ServiceSettings
from services.core.storage.image_store import ImageStore, image_keys
from services.core.storage.reports import Reports
from services.core.telemetry import Stages
from services.core.trace import traceparent

RETRY_AFTER_S = 5
# The pauses between attempts to undo what a slow store may have written, in s. With the calls they end before
# the report's lease does: after that, the sweep would process the report.
UNDO_PAUSES_S = (1, 5, 15)
logger = logging.getLogger(__name__)


class SubmissionSettings(ServiceSettings):
    """The variables of a service that accepts requests; `listing_languages` are a JSON array."""

    quota_per_day: int = Field(ge=1)
    retention_days: int = Field(ge=1)
    listing_languages: tuple[Language, ...] = ()


@dataclass(frozen=True)
class SubmitReport:
    """A client's request for a report: its owner, its languages, the first of them first, and its key."""

    owner: str
    languages: tuple[Language, ...]
    key: RequestKey | None

    def about(self, contents: str | None) -> "SubmitReport":
        """The same request, now that the digest of its photos is known."""
        return replace(self, key=replace(self.key, contents=contents)) if self.key else self


@dataclass(frozen=True)
class Submission:
    """Accepts requests. `endpoint` is written into their reports, which expire after `retention`.

    `also_in` are the languages of every report beside the one that its client prefers.
    """

    images: ImageStore
    reports: Reports
    endpoint: str
    retention: timedelta
    also_in: tuple[Language, ...] = ()
    undoings: set[asyncio.Task[None]] = field(default_factory=set)

    def languages(self, preferred: Language) -> tuple[Language, ...]:
        """The languages of a report whose request names none: the client's, then those of the settings."""
        return with_others(preferred, self.also_in)

    async def earlier(
        self,
        request: SubmitReport,
        *,
        at_hand: bool = False,
        compare: Callable[[], Awaitable[str]] | None = None,
    ) -> StoredReport | None:
        """The report of an earlier request with the same key; without one, check the quota and return None.

        If the key came with other uploads, `compare` gives the digest of the photos themselves. Raises
        KeyReused or QuotaExceeded, and what `compare` raises. `accept` checks the quota by itself, so for
        photos that are `at_hand` it is read here only for an owner who was refused a report today.
        """
        if request.key is not None and (stored := await self._replayed(request, request.key, compare)):
            return stored
        if not at_hand or self.reports.was_refused(request.owner):
            await to_thread.run_sync(self.reports.check_quota, request.owner)
        return None

    async def _replayed(
        self, request: SubmitReport, key: RequestKey, compare: Callable[[], Awaitable[str]] | None
    ) -> StoredReport | None:
        try:
            return await to_thread.run_sync(self.reports.earlier, request.owner, key)
        except KeyReused:
            if compare is None or key.contents is not None:
                raise
            same = replace(key, contents=await compare())
            return await to_thread.run_sync(self.reports.earlier, request.owner, same)

    async def accept(self, request: SubmitReport, photos: Sequence[Photo], stages: Stages) -> StoredReport:
        """Store the photos and write the report; the worker that gets its message takes it.

        Raises QuotaExceeded, or ReportInProgress if another request with the same key was first. After any
        error nothing stays stored, as far as the stores can be reached.
        """
        stored = self._queued(request, photos, stages)
        await self._write(stored, photos, until=None)
        return stored

    async def accept_leased(
        self, request: SubmitReport, photos: Sequence[Photo], stages: Stages, lease: Lease, until: float
    ) -> LeasedReport:
        """Do as `accept` does until `until` (the event loop's time), and hold the report under `lease`.

        Raises Busy after `until`: what a store may still write then is undone in the background.
        """
        leased = self._queued(request, photos, stages).leased(lease)
        await self._write(leased, photos, until)
        return leased

    async def refuse(self, request: SubmitReport, error: VitrineError, stages: Stages) -> StoredReport | None:
        """Write a report that has failed with `error` as its reason, for a client that does not wait.

        It counts in its day like any other, unless it was refused for the day's count before any work.
        Returns None if the request's key is assigned to a report already, failed or not.
        """
        code = "quota_exceeded" if isinstance(error, QuotaExceeded) else "invalid_input"
        failure = Failure(code=code, reason=str(error))
        report = self._report(request, Status.FAILED, stages).model_copy(update={"failure": failure})
        stored = StoredReport(request.owner, report, (), key=request.key, traceparent=traceparent())
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
            StoredPhoto(key, photo.width, photo.height, photo.flaws, photo.colours)
            for key, photo in zip(keys, photos, strict=True)
        )
        photos_digest = digest(photo.stored_jpeg for photo in photos)
        return StoredReport(
            request.owner,
            report,
            stored_photos,
            key=request.key,
            photos_digest=photos_digest,
            traceparent=traceparent(),
        )

    def _report(self, request: SubmitReport, status: Status, stages: Stages) -> Report:
        now = datetime.now(UTC)
        return Report(
            id=str(ULID.from_datetime(now)),
            status=status,
            language=request.languages[0],
            languages=request.languages,
            model=Provenance(endpoint=self.endpoint),
            timings_ms=Timings(**stages.timings),
            created_at=now,
            expires_at=now + self.retention,
        )

    async def _write(self, stored: StoredReport, photos: Sequence[Photo], until: float | None) -> None:
        calls: list[asyncio.Future[None]] = []
        try:
            for key, photo in zip(stored.pictures, photos, strict=True):
                calls.append(_call(self.images.put, key, photo.stored_jpeg))
            await _all(calls, until)
            calls.append(_call(self.reports.accept, stored))
            await _all(calls, until)
        except BaseException:
            undoing = asyncio.create_task(self._undo(stored, calls))
            if until is not None:
                self._keep(asyncio.create_task(self._undo_later(undoing, stored)))
            await asyncio.wait({undoing}, timeout=_left(until))
            raise

    def _keep(self, undoing: asyncio.Task[None]) -> None:
        self.undoings.add(undoing)
        undoing.add_done_callback(self.undoings.discard)

    async def _undo(self, stored: StoredReport, calls: Sequence[asyncio.Future[None]] = ()) -> bool:
        """Withdraw the report and delete its photos; False if a store failed."""
        # A call that still runs in its thread could write after its effect was undone.
        await asyncio.gather(*calls, return_exceptions=True)
        both = (_call(self.reports.withdraw, stored), _call(self.images.delete, stored.pictures))
        undone = True
        for ended in await asyncio.gather(*both, return_exceptions=True):
            if isinstance(ended, CALL_ERRORS):
                # Photos and row expire by themselves.
                logger.warning("submission not undone", extra={"error": type(ended).__name__})
                undone = False
            elif isinstance(ended, BaseException):
                raise ended
        return undone

    async def _undo_later(self, first: asyncio.Task[bool], stored: StoredReport) -> None:
        undone = await first
        for pause_s in UNDO_PAUSES_S:
            if undone:
                return
            await asyncio.sleep(pause_s)
            undone = await self._undo(stored)


def _call(function: Callable[..., None], *arguments: object) -> asyncio.Future[None]:
    return asyncio.ensure_future(to_thread.run_sync(function, *arguments))


async def _all(calls: Sequence[asyncio.Future[None]], until: float | None) -> None:
    """Wait for the calls, and raise the first error of theirs, or Busy after `until`; the calls go on."""
    _, late = await asyncio.wait(calls, timeout=_left(until))
    if late:
        raise Busy(RETRY_AFTER_S)
    for call in calls:
        call.result()


def _left(until: float | None) -> float | None:
    return None if until is None else max(0.0, until - asyncio.get_running_loop().time())
