"""The life of a report after its photos are prepared: accepted, looked at, assessed, narrated, finished."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from anyio import to_thread
from ulid import ULID

from services.core.assess import assess
from services.core.errors import ModelFault, VitrineError
from services.core.model import VisionModel
from services.core.narrate import Narrative, Narrator
from services.core.photo import Photo
from services.core.pictures import Pictures, picture_keys
from services.core.report import Failure, Provenance, Report, Status
from services.core.reports import Reports
from services.core.stored_report import StoredReport
from services.core.telemetry import Stages
from services.core.wording import Language


@dataclass(frozen=True)
class Prices:
    """What the two models cost, in USD."""

    model_per_hour: float
    llm_per_mtok_input: float
    llm_per_mtok_output: float

    def cost(self, model_ms: float, narrative: Narrative) -> float:
        """USD for one report: the endpoint's time, and the LLM's tokens."""
        tokens = (
            narrative.input_tokens * self.llm_per_mtok_input
            + narrative.output_tokens * self.llm_per_mtok_output
        )
        return round(self.model_per_hour * model_ms / 3_600_000 + tokens / 1_000_000, 6)


@dataclass(frozen=True)
class Request:
    """What a client asks for: whose report, in which language, under which idempotency key.

    `digest` tells the same photos from others.
    """

    owner: str
    language: Language
    key: str | None
    digest: str


@dataclass(frozen=True)
class Analysis:
    """Everything that turns photos into a kept report."""

    pictures: Pictures
    reports: Reports
    model: VisionModel
    narrator: Narrator
    prices: Prices
    retention: timedelta

    async def earlier(self, request: Request) -> Report | None:
        """The report that the request's idempotency key already stands for.

        Raises KeyReused or ReportInProgress.
        """
        if request.key is None:
            return None
        return await to_thread.run_sync(self.reports.earlier, request.owner, request.key, request.digest)

    async def accept(self, request: Request, photos: Sequence[Photo]) -> StoredReport:
        """Keep the pictures and write the report as `queued`: from here on it ends in a known state.

        Raises QuotaExceeded or ReportInProgress, with nothing kept.
        """
        now = datetime.now(UTC)
        report = Report(
            id=str(ULID.from_datetime(now)),
            status=Status.QUEUED,
            language=request.language,
            model=Provenance(endpoint=self.model.endpoint),
            created_at=now,
            expires_at=now + self.retention,
        )
        keys = picture_keys(request.owner, report.id, len(photos))
        stored = StoredReport(request.owner, report, keys, request.digest, request.key)
        puts = (
            to_thread.run_sync(self.pictures.put, key, photo.kept)
            for key, photo in zip(keys, photos, strict=True)
        )
        await asyncio.gather(*puts)
        try:
            await to_thread.run_sync(self.reports.accept, stored)
        except VitrineError:
            await to_thread.run_sync(self.pictures.erase, keys)
            raise
        return stored

    async def finish(self, accepted: StoredReport, photos: Sequence[Photo], stages: Stages) -> Report:
        """Look, assess, narrate and write the report as `succeeded`.

        Whatever goes wrong leaves the report `failed` with its reason, and is raised: ModelFault when the
        model gives no usable answer, ReportNotFound when the report was erased meanwhile.
        """
        running = accepted.with_report(accepted.report.model_copy(update={"status": Status.RUNNING}))
        await to_thread.run_sync(self.reports.update, running)
        try:
            report = await self._make(running.report, photos, stages)
        except Exception as error:
            failed = running.with_report(_failed(running.report, error, stages))
            await to_thread.run_sync(self.reports.fail, failed)
            raise
        await to_thread.run_sync(self.reports.update, running.with_report(report))
        return report

    async def _make(self, report: Report, photos: Sequence[Photo], stages: Stages) -> Report:
        with stages.measure("model"):
            sight = await to_thread.run_sync(self.model.look, [photo.seen for photo in photos])
        assessment = assess(sight)
        with stages.measure("narrate"):
            narrative = await self.narrator.narrate(assessment, report.language)
        return report.model_copy(
            update={
                "status": Status.SUCCEEDED,
                "product": assessment.product,
                "condition": assessment.condition,
                "title": narrative.text.title,
                "description": narrative.text.description,
                "caption": assessment.caption,
                "evidence": assessment.evidence,
                "narrative": narrative.source,
                "model": Provenance(
                    endpoint=self.model.endpoint,
                    artifact=sight.artifact,
                    llm=self.narrator.llm if narrative.source == "llm" else None,
                ),
                "timings_ms": stages.as_timings(),
                "cost_usd": self.prices.cost(stages.timings["model"], narrative),
            }
        )

    async def erase(self, owner: str, report_id: str) -> None:
        """Delete the report and its pictures now; raises ReportNotFound."""
        stored = await to_thread.run_sync(self.reports.get, owner, report_id)
        await to_thread.run_sync(self.pictures.erase, stored.pictures)
        await to_thread.run_sync(self.reports.erase, stored)


def _failed(report: Report, error: Exception, stages: Stages) -> Report:
    if isinstance(error, ModelFault):
        failure = Failure(code=error.code, reason=str(error))
    else:
        failure = Failure(code="internal_error", reason="the service made a mistake; it has been logged")
    update = {"status": Status.FAILED, "failure": failure, "timings_ms": stages.as_timings()}
    return report.model_copy(update=update)
