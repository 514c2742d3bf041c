"""The life of a report after its photos are prepared: accepted, looked at, assessed, narrated, finished."""

import asyncio
import logging
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from anyio import to_thread
from botocore.exceptions import BotoCoreError, ClientError
from ulid import ULID

from services.core.assess import assess
from services.core.errors import ModelFault, ModelUnavailable, ReportNotFound
from services.core.model import Sight, VisionModel
from services.core.narrate import Narrative, Narrator
from services.core.photo import Photo
from services.core.pictures import Pictures, picture_keys
from services.core.report import Failure, Provenance, Report, Status
from services.core.reports import Reports
from services.core.stored_report import RequestKey, StoredReport
from services.core.telemetry import Stages
from services.core.wording import Language

# Threads of their own: a slow model does not keep requests from the stores, and a call that nobody waits for
# any more goes on holding its place.
_lookers = ThreadPoolExecutor(40, "look")
# Even when the photos took all the time there was, the model is asked.
LEAST_LOOK_S = 3.0
logger = logging.getLogger(__name__)


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
class Order:
    """What a client asks for: whose report, in which language, under which idempotency key."""

    owner: str
    language: Language
    key: RequestKey | None


@dataclass(frozen=True)
class Analysis:
    """Everything that turns photos into a kept report.

    `model_budget_s` after the photos came, the model's answer is too late.
    """

    pictures: Pictures
    reports: Reports
    model: VisionModel
    narrator: Narrator
    prices: Prices
    retention: timedelta
    model_budget_s: float

    async def earlier(self, order: Order) -> Report | None:
        """The report that the order's key already stands for; without one, whether there may be another.

        Raises KeyReused, ReportInProgress or QuotaExceeded.
        """
        if order.key is not None and (
            report := await to_thread.run_sync(self.reports.earlier, order.owner, order.key)
        ):
            return report
        await to_thread.run_sync(self.reports.check_quota, order.owner)
        return None

    async def accept(self, order: Order, photos: Sequence[Photo]) -> StoredReport:
        """Keep the pictures and write the report as `running`: from here on it ends in a known state.

        Raises QuotaExceeded or ReportInProgress. Whatever is raised, nothing is kept, as far as the stores
        can be reached.
        """
        now = datetime.now(UTC)
        report = Report(
            id=str(ULID.from_datetime(now)),
            status=Status.RUNNING,
            language=order.language,
            model=Provenance(endpoint=self.model.endpoint),
            created_at=now,
            expires_at=now + self.retention,
        )
        keys = picture_keys(order.owner, report.id, len(photos))
        stored = StoredReport(order.owner, report, keys, order.key)
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

    async def finish(self, accepted: StoredReport, photos: Sequence[Photo], stages: Stages) -> Report:
        """Look, assess, narrate and write the report as `succeeded`.

        Whatever goes wrong leaves the report `failed` with its reason, and is raised: ModelFault when the
        model gives no usable answer, ReportNotFound when the report was erased meanwhile.
        """
        try:
            report = await self._make(accepted.report, photos, stages)
            await to_thread.run_sync(self.reports.update, accepted.with_report(report))
        except ReportNotFound:
            raise
        except Exception as error:
            await self._fail(accepted, error, stages)
            raise
        return report

    async def _make(self, report: Report, photos: Sequence[Photo], stages: Stages) -> Report:
        with stages.measure("model"):
            left_s = max(LEAST_LOOK_S, self.model_budget_s - stages.working_s)
            sight = await self._look(photos, left_s)
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

    async def _look(self, photos: Sequence[Photo], within_s: float) -> Sight:
        seen = [photo.seen for photo in photos]
        try:
            async with asyncio.timeout(within_s):
                return await asyncio.get_running_loop().run_in_executor(_lookers, self.model.look, seen)
        except TimeoutError:
            raise ModelUnavailable(f"the endpoint {self.model.endpoint} did not answer in time") from None

    async def _fail(self, accepted: StoredReport, error: Exception, stages: Stages) -> None:
        failed = accepted.with_report(_failed(accepted.report, error, stages))
        try:
            await to_thread.run_sync(self.reports.fail, failed)
        except (ReportNotFound, BotoCoreError, ClientError) as second:
            # The first error is what the caller has to know.
            logger.warning("a failed report was not written", extra={"reason": type(second).__name__})

    async def _undo(self, stored: StoredReport) -> None:
        try:
            await to_thread.run_sync(self.pictures.erase, stored.pictures)
            await to_thread.run_sync(self.reports.withdraw, stored)
        except (BotoCoreError, ClientError) as error:
            # What stays behind expires by itself.
            logger.warning("what was accepted half was not undone", extra={"reason": type(error).__name__})

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
