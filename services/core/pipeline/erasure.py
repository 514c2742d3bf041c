"""Erases a report from every store of ours, also while workers process it or after one was killed.

The row is marked first: from then on no worker can write it, and the sweep finds an erasure that stops
half-way. A worker may still be storing its request to the model; it deletes that when it cannot record it,
and a delayed job message deletes it in the worker's stead if the worker is killed. What the endpoint writes
later is deleted when its notification comes.
"""

from dataclasses import dataclass

from anyio import to_thread

from services.core.domain.errors import ReportNotFound
from services.core.domain.report import UNFINISHED
from services.core.domain.stored_report import ReportRef, StoredReport
from services.core.domain.timing import PRODUCTION
from services.core.messaging.job_queue import JobQueue
from services.core.photos.photo import MAX_PHOTOS
from services.core.storage.image_store import ImageStore, image_keys
from services.core.storage.reports import Reports
from services.core.vision.endpoint import VisionEndpoint


@dataclass(frozen=True)
class Erasure:
    """Erases reports. `clean_up_s` outlasts every worker that may hold a report when it is erased."""

    reports: Reports
    images: ImageStore
    endpoint: VisionEndpoint
    queue: JobQueue
    clean_up_s: int = PRODUCTION.clean_up_s

    async def erase(self, ref: ReportRef) -> StoredReport:
        """Erase the report, and return what it was; raises ReportNotFound, and what boto3 raises.

        After an error the report is not found any more, and the sweep completes its erasure.
        """
        return await self._complete(await to_thread.run_sync(self.reports.start_erasure, ref))

    async def clean_up(self, ref: ReportRef) -> None:
        """Complete an erasure that stopped half-way, and delete what was stored after one."""
        try:
            await self._complete(await to_thread.run_sync(self._resumed, ref))
        except ReportNotFound:
            leftovers = image_keys(ref.owner, ref.report_id, MAX_PHOTOS)
            await to_thread.run_sync(self.images.delete, leftovers)
            await to_thread.run_sync(self.endpoint.erase, ref.report_id, None)

    def _resumed(self, ref: ReportRef) -> StoredReport:
        return self.reports.start_erasure(ref, only_resume=True)

    async def _complete(self, stored: StoredReport) -> StoredReport:
        if stored.report.status in UNFINISHED:
            await to_thread.run_sync(self.queue.send, stored.ref, self.clean_up_s)
        await to_thread.run_sync(self.images.delete, stored.pictures)
        if stored.pending is not None:
            await to_thread.run_sync(self.reports.note_failure_key, stored.pending)
        await to_thread.run_sync(self.endpoint.erase, stored.report.id, stored.pending)
        await to_thread.run_sync(self.reports.delete, stored)
        return stored
