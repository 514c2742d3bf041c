"""Submits analyses of the database: each becomes one report, however often its webhook comes."""

import asyncio
import logging
from dataclasses import dataclass

from anyio import CapacityLimiter, to_thread
from botocore.exceptions import BotoCoreError, ClientError

from services.core.domain.errors import InvalidInput, QuotaExceeded, ReportInProgress
from services.core.domain.stored_report import ReportRef
from services.core.messaging.job_queue import JobQueue
from services.core.photos.photo import Photo, prepare
from services.core.pipeline.submission import Submission, SubmitReport
from services.core.storage.uploads import Uploads
from services.core.telemetry import Stages
from services.hooks.analysis_row import AnalysisRow
from services.hooks.links import AnalysisLinks

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class AnalysisIntake:
    """Submits analyses on behalf of their users, who get the report by webhook.

    At most `decoders` photos are decoded at once.
    """

    acceptance: Submission
    uploads: Uploads
    jobs: JobQueue
    links: AnalysisLinks
    decoders: int

    async def accept(self, row: AnalysisRow) -> None:
        """Make a report of the row: queued for the jobs, or failed for its photos or the quota.

        A row that is linked to a report is done. Raises KeyReused if the row came with other photos before;
        ReportInProgress and what boto3 raises: then it may be tried again.
        """
        if report_id := await to_thread.run_sync(self.links.report_of, str(row.id)):
            logger.info("analysis repeated", extra={"analysis": str(row.id), "report_id": report_id})
            return
        order, stages = row.order(), Stages()
        try:
            report_id = await self._accept(row, order, stages)
        except (InvalidInput, QuotaExceeded) as error:
            refused = await self.acceptance.refuse(order, error, stages)
            # None if another worker has used the key for a report: that worker links it.
            report_id = refused.report.id if refused else None
            logger.info(
                "analysis refused",
                extra={"analysis": str(row.id), "report_id": report_id, "reason": type(error).__name__},
            )
        else:
            await to_thread.run_sync(self.jobs.send, ReportRef(row.owner, report_id), 0)
            await self._erase(row)
            logger.info("analysis accepted", extra={"analysis": str(row.id), "report_id": report_id})
        if report_id:
            await to_thread.run_sync(self.links.link, str(row.id), report_id)

    async def _accept(self, row: AnalysisRow, order: SubmitReport, stages: Stages) -> str:
        """Return the id of the order's report, which may exist already."""
        if earlier := await self.acceptance.earlier(order):
            return earlier.report.id
        with stages.measure("photo"):
            photos = await self._photos(row)
        try:
            return (await self.acceptance.accept(order, photos, stages)).report.id
        except ReportInProgress as error:
            # Another worker accepted the same row first.
            if error.report_id is None:
                raise
            return error.report_id

    async def _photos(self, row: AnalysisRow) -> list[Photo]:
        limiter = CapacityLimiter(self.decoders)
        taken = await asyncio.gather(
            *(
                to_thread.run_sync(self._photo, row.owner, upload_id, number, limiter=limiter)
                for number, upload_id in enumerate(row.upload_ids)
            ),
            # Wait for all, also after an error: a thread that still runs holds its photo in memory.
            return_exceptions=True,
        )
        photos = []
        for photo in taken:
            if isinstance(photo, BaseException):
                raise photo
            photos.append(photo)
        return photos

    def _photo(self, owner: str, upload_id: str, number: int) -> Photo:
        # The upload's bytes are freed before this thread fetches the next one.
        return prepare(self.uploads.fetch(owner, upload_id), f"upload_ids[{number}]")

    async def _erase(self, row: AnalysisRow) -> None:
        try:
            await to_thread.run_sync(self.uploads.delete, row.owner, row.upload_ids)
        except (BotoCoreError, ClientError) as error:
            # The bucket's lifecycle erases them too.
            logger.warning("uploads were not erased", extra={"reason": type(error).__name__})
