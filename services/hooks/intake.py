"""Submits analyses of the database: each becomes one report, however often its webhook comes."""

import asyncio
import logging
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

from anyio import CapacityLimiter, to_thread
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from catalogue.model import Language
from services.core.aws import CALL_ERRORS
from services.core.domain.errors import InvalidInput, QuotaExceeded, ReportInProgress
from services.core.domain.stored_report import ReportRef, RequestKey, seconds_now
from services.core.messaging.job_queue import JobQueue
from services.core.photos.photo import MAX_PHOTOS, Photo, digest, prepare
from services.core.pipeline.submission import Submission, SubmitReport
from services.core.storage.image_store import UPLOAD_ID, Uploads
from services.core.storage.rows import read_row, to_item
from services.core.telemetry import Stages, add_context, user_hash

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient

# Longer than the two days for which the database repeats a row.
LINK_LIFE = timedelta(days=3)
# The rule of the table's own check, and of POST /analyze: what one takes, all take.
UploadId = Annotated[str, Field(pattern=UPLOAD_ID)]
logger = logging.getLogger(__name__)


class AnalysisRow(BaseModel):
    """What a user asks for, as the webhook and the hooks queue hold it; other columns are ignored."""

    model_config = ConfigDict(frozen=True, strict=True)

    id: UUID
    user_id: UUID
    upload_ids: Annotated[list[UploadId], Field(min_length=1, max_length=MAX_PHOTOS)]
    language: Language
    created_at: AwareDatetime

    @property
    def owner(self) -> str:
        """The report's owner: the subject of the user's access tokens."""
        return str(self.user_id)

    def request(self, languages: tuple[Language, ...]) -> SubmitReport:
        """Return the request under the row's own idempotency key: however often it comes, one report."""
        photos = digest(upload_id.encode() for upload_id in self.upload_ids)
        return SubmitReport(self.owner, languages, RequestKey(f"analysis:{self.id}", photos))


@dataclass(frozen=True)
class AnalysisLinks:
    """Which report an analysis became: rows `analysis#<id>`, `report` of the reports table, kept for days.

    Every call blocks, and raises what boto3 raises.
    """

    dynamodb: "DynamoDBClient"
    table: str

    def report_of(self, analysis_id: str) -> str | None:
        """Return the report that an analysis became, also if that was erased since."""
        row = read_row(self.dynamodb, self.table, _key(analysis_id))
        return str(row["report_id"]) if row else None

    def link(self, analysis_id: str, report_id: str) -> None:
        """Record that an analysis became a report: for LINK_LIFE it does not become another one."""
        expires_at = seconds_now() + int(LINK_LIFE.total_seconds())
        row = {**_key(analysis_id), "report_id": report_id, "expires_at": expires_at}
        self.dynamodb.put_item(TableName=self.table, Item=to_item(row))


def _key(analysis_id: str) -> dict[str, str]:
    return {"pk": f"analysis#{analysis_id}", "sk": "report"}


@dataclass(frozen=True)
class AnalysisIntake:
    """Submits analyses on behalf of their users, who get the report by webhook.

    At most `decoders` photos are decoded at once.
    """

    submission: Submission
    uploads: Uploads
    jobs: JobQueue
    links: AnalysisLinks
    decoders: int

    async def accept(self, row: AnalysisRow) -> None:
        """Make a report of the row: queued for the jobs, or failed for its photos or the quota.

        A row that is linked to a report is done. Raises KeyReused if the row came with other photos before;
        ReportInProgress and what boto3 raises: then it may be tried again.
        """
        analysis = str(row.id)
        add_context(analysis=analysis, user=user_hash(row.owner))
        if report_id := await to_thread.run_sync(self.links.report_of, analysis):
            logger.info("analysis repeated", extra={"report": report_id})
            return
        request, stages = row.request(self.submission.languages(row.language)), Stages()
        try:
            report_id = await self._accept(row, request, stages)
        except (InvalidInput, QuotaExceeded) as error:
            refused = await self.submission.refuse(request, error, stages)
            # None if another worker has used the key for a report: that worker links it.
            report_id = refused.report.id if refused else None
            told = {"report": report_id, "error": type(error).__name__}
            logger.info("analysis refused", extra=told)
        else:
            await to_thread.run_sync(self.jobs.send, ReportRef(row.owner, report_id), 0)
            await self._erase(row)
            logger.info("analysis accepted", extra={"report": report_id})
        if report_id:
            await to_thread.run_sync(self.links.link, analysis, report_id)

    async def _accept(self, row: AnalysisRow, request: SubmitReport, stages: Stages) -> str:
        """Return the id of the request's report, which may exist already."""
        if earlier := await self.submission.earlier(request):
            return earlier.report.id
        with stages.measure("photo"):
            photos = await self._photos(row)
        try:
            return (await self.submission.accept(request, photos, stages)).report.id
        except ReportInProgress as error:
            # Another worker accepted the same row first.
            if error.report_id is None:
                raise
            return error.report_id

    async def _photos(self, row: AnalysisRow) -> list[Photo]:
        limiter = CapacityLimiter(self.decoders)
        loads = (
            to_thread.run_sync(self._photo, row.owner, upload_id, number, limiter=limiter)
            for number, upload_id in enumerate(row.upload_ids)
        )
        # Wait for all, also after an error: a thread that still runs holds its photo in memory.
        loaded = await asyncio.gather(*loads, return_exceptions=True)
        for each in loaded:
            if isinstance(each, BaseException):
                raise each
        return [each for each in loaded if isinstance(each, Photo)]

    def _photo(self, owner: str, upload_id: str, number: int) -> Photo:
        # The upload's bytes are freed before this thread fetches the next one.
        # A hooks worker has no catalogue that would say whether colours are asked.
        return prepare(self.uploads.fetch(owner, upload_id), f"upload_ids[{number}]", with_colours=True)

    async def _erase(self, row: AnalysisRow) -> None:
        try:
            await to_thread.run_sync(self.uploads.delete, row.owner, row.upload_ids)
        except CALL_ERRORS as error:
            # The bucket's lifecycle erases them too.
            logger.warning("uploads were not erased", extra={"error": type(error).__name__})
