"""Processes an accepted report under its lease: observe the photos, assess, narrate, end it.

This is the one place that decides what follows when the model cannot answer now: a pending inference is
recorded, the fallback LLM is asked, or the report is released for a later attempt.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from contextvars import copy_context
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from anyio import to_thread

from catalogue import Catalogue
from services.core.analytics.report_analytics import ReportAnalytics
from services.core.aws import CALL_ERRORS
from services.core.domain.assessment import assess, photos_to_judge
from services.core.domain.errors import (
    CatalogueMismatch,
    LeaseLost,
    ModelAnswerInvalid,
    ModelUnavailable,
    ReportNotFound,
)
from services.core.domain.observation import LostInference, Observation, PendingInference
from services.core.domain.report import Report
from services.core.domain.stored_report import LeasedReport, StoredReport, seconds_now
from services.core.narrative.narrator import Narrator
from services.core.pipeline.ended import Prices, elapsed_ms, failed, log_ended, succeeded
from services.core.pipeline.inferences import Inferences
from services.core.pipeline.outcomes import (
    RETRIED,
    Looked,
    Processed,
    Seen,
    Unanswered,
    overdue_fault,
    provenance,
)
from services.core.storage.leases import Leases
from services.core.storage.reports import Reports
from services.core.storage.vision_cache import VisionCache
from services.core.telemetry import Stages
from services.core.usage import Usage
from services.core.vision.endpoint import VisionEndpoint
from services.core.vision.fallback_llm import FallbackLlm

# Threads of their own, so that slow model calls do not block the calls of the stores.
_model_threads = ThreadPoolExecutor(40, "model")
# After these errors the report stays as it is: another worker has it, or a later attempt reaches the stores.
_NOT_FAILURES: tuple[type[Exception], ...] = (ReportNotFound, LeaseLost, *CALL_ERRORS)
# The model answers the same photos alike, but a model that is being replaced does not answer for long.
MOST_INVALID_ANSWERS = 3
logger = logging.getLogger(__name__)
LoadPhotos = Callable[[], Awaitable[Sequence[bytes]]]
Outcome = TypeVar("Outcome", bound=Observation | PendingInference | LostInference)


def _to_judge(stored: StoredReport) -> tuple[int, ...]:
    """The indexes of the photos that the model is asked about."""
    return photos_to_judge([photo.flaws for photo in stored.photos])


@dataclass(frozen=True)
class ReportProcessor:
    """Processes leased reports. It works without a cache, and without a fallback LLM.

    With `large_photos`, the photos that it is given have the size that is stored.

    Its methods raise ReportNotFound if the report was erased meanwhile, LeaseLost if another worker has taken
    it over, and what boto3 raises; the report then stays as it is. Any other error ends the report as failed,
    and is raised.
    """

    reports: Reports
    leases: Leases
    endpoint: VisionEndpoint
    narrator: Narrator
    prices: Prices
    catalogue: Catalogue
    vision_cache: VisionCache | None = None
    fallback_llm: FallbackLlm | None = None
    analytics: ReportAnalytics = field(default_factory=ReportAnalytics)
    large_photos: bool = False

    @property
    def _inferences(self) -> Inferences:
        return Inferences(self.reports, self.leases, self.endpoint)

    async def process(self, leased: LeasedReport, photos: Sequence[bytes], stages: Stages) -> Processed:
        """Send the photos, as JPEG for the model, to the endpoint, and continue with the outcome."""

        async def given() -> Sequence[bytes]:
            return photos

        async with self._failures_recorded(leased, stages):
            return await self._conclude(leased, await self._look(leased, photos, stages), given, stages)

    async def resume(
        self,
        leased: LeasedReport,
        pending: PendingInference,
        load_photos: LoadPhotos,
        stages: Stages,
        *,
        announced: bool = False,
        overdue: bool = False,
    ) -> Processed:
        """Continue with the answer to a pending inference, which its notification may have announced.

        A lost request is sent again. A report that is `overdue` fails if it still has no answer.
        """
        async with self._failures_recorded(leased, stages):
            asked = len(_to_judge(leased))
            result = partial(self.endpoint.result, pending, asked, announced=announced)
            looked: Looked
            match await self._outcome(leased, result):
                case Observation() as observation:
                    stages.timings["model"] = 1000.0 * max(0, seconds_now() - pending.at)
                    looked = self._seen_by_endpoint(observation)
                case unanswered if overdue:
                    code = unanswered.code if isinstance(unanswered, Unanswered) else leased.fault
                    raise overdue_fault(self.endpoint.name, self.catalogue.version, code)
                case LostInference():
                    looked = await self._look(leased, await load_photos(), stages)
                case unfinished:
                    looked = unfinished
            return await self._conclude(leased, looked, load_photos, stages)

    async def retry(
        self, leased: LeasedReport, error: ModelUnavailable, load_photos: LoadPhotos, stages: Stages
    ) -> Processed:
        """Go on after the endpoint has failed: ask the fallback LLM, or release the report for later."""
        async with self._failures_recorded(leased, stages):
            unanswered = Unanswered(f"{error}; {RETRIED}", error.code)
            return await self._conclude(leased, unanswered, load_photos, stages)

    async def fail(self, leased: LeasedReport, error: Exception, stages: Stages) -> Report:
        """End the report as failed with the error as its reason; an error of the store is only logged."""
        ended = failed(leased.report, error, stages)
        if await self._try_to_write(self.reports.end, replace(leased, report=ended)):
            self._tell_ended(leased, ended)
        await self._inferences.clean_up(leased.pending)
        return ended

    async def release(self, leased: LeasedReport, why: str | None) -> None:
        """Let other workers take the report at once; an error of the store is only logged."""
        await self._try_to_write(partial(self.leases.release, why=why), leased)

    async def _look(self, leased: LeasedReport, photos: Sequence[bytes], stages: Stages) -> Looked:
        judged = [photos[at] for at in _to_judge(leased)]
        if self.vision_cache is not None:
            cached = await to_thread.run_sync(self.vision_cache.get, leased)
            if cached is not None and len(cached.wear) == len(judged):
                return Seen(cached, provenance(self.endpoint.name, cached, reused=True), cost_usd=0.0)
        infer = partial(self.endpoint.infer, leased.report.id, judged, leased.attempts + 1)
        try:
            with stages.measure("model"):
                answer = await self._outcome(leased, infer)
        except ModelUnavailable as error:
            return Unanswered(f"{error}; {RETRIED}", error.code)
        return self._seen_by_endpoint(answer) if isinstance(answer, Observation) else answer

    async def _outcome(self, leased: LeasedReport, ask: Callable[[], Outcome]) -> Outcome | Unanswered:
        """What the endpoint says; an answer outside the contract counts, and raises the third time.

        One of another catalogue does not count: it comes while the artifact or the service is deployed.
        """
        try:
            # The thread gets this task's context, which holds the trace.
            run = copy_context().run
            return await asyncio.get_running_loop().run_in_executor(_model_threads, run, ask)
        except ModelAnswerInvalid as error:
            if leased.invalid_answers + 1 >= MOST_INVALID_ANSWERS:
                raise
            return Unanswered(f"{error}; {RETRIED}", error.code)
        except CatalogueMismatch as error:
            return Unanswered(f"{error}; {RETRIED}", error.code)

    def _seen_by_endpoint(self, observation: Observation) -> Seen:
        return Seen(observation, provenance(self.endpoint.name, observation))

    async def _conclude(
        self, leased: LeasedReport, looked: Looked, load_photos: LoadPhotos, stages: Stages
    ) -> Processed:
        if isinstance(looked, PendingInference) and looked != leased.pending:
            await self._inferences.record(leased, looked)
            return looked
        if not isinstance(looked, Seen) and self.fallback_llm is not None:
            leased = await self._renewed(leased)
            photos = await load_photos()
            judged = [photos[at] for at in _to_judge(leased)]
            fallen_back = await self._ask_fallback(self.fallback_llm, judged, stages)
            mismatch = isinstance(looked, Unanswered) and looked.code == CatalogueMismatch.code
            # Why the endpoint does not answer is what its operator can mend.
            looked = looked if mismatch and isinstance(fallen_back, Unanswered) else fallen_back
        match looked:
            case Seen():
                return await self._finish(leased, looked, stages)
            case Unanswered():
                await self._release_unanswered(leased, looked)
            case PendingInference():
                await self.release(leased, "the endpoint is working on it")
        return looked

    async def _renewed(self, leased: LeasedReport) -> LeasedReport:
        return await to_thread.run_sync(self.leases.renew, leased) if self.leases.is_due(leased) else leased

    async def _narrating(self, leased: LeasedReport, stages: Stages) -> LeasedReport:
        """The report under a lease that outlasts its narration; a client that follows it reads the stage."""
        # If the lease ended now, another worker would pay the LLM for the same text.
        if self.leases.is_due(leased):
            return await to_thread.run_sync(self.leases.renew, leased, "narrate")
        if stages.awaited or leased.report.stage == "narrate":
            return leased
        try:
            return await to_thread.run_sync(self.leases.renew, leased, "narrate")
        except CALL_ERRORS as error:
            logger.warning("stage not written", extra={"error": type(error).__name__})
            return leased

    async def _release_unanswered(self, leased: LeasedReport, why: Unanswered) -> None:
        await self._inferences.forget(leased.pending)
        count = leased.invalid_answers + why.invalid_answer
        released = replace(leased, pending=None, invalid_answers=count, fault=why.code)
        await self.release(released, why.reason)

    async def _ask_fallback(
        self, fallback_llm: FallbackLlm, photos: Sequence[bytes], stages: Stages
    ) -> Seen | Unanswered:
        try:
            with stages.measure("model"):
                observation, cost_usd = await fallback_llm.observe(photos)
        except ModelUnavailable as error:
            return Unanswered(str(error))
        origin = provenance(self.endpoint.name, observation, bridge=fallback_llm.llm)
        return Seen(observation, origin, cost_usd)

    async def _finish(self, leased: LeasedReport, seen: Seen, stages: Stages) -> Report:
        flaws = [photo.flaws for photo in leased.photos]
        colours = [photo.colours for photo in leased.photos]
        assessment = assess(seen.observation, flaws, self.catalogue, colours)
        leased = await self._narrating(leased, stages)
        with stages.measure("narrate"):
            languages = leased.report.languages or (leased.report.language,)
            narrative = await self.narrator.narrate(assessment, languages, self.catalogue)
        self.analytics.llm_called(narrative.call, leased.owner, self.prices.llm)
        llm = self.narrator.llm if narrative.source != "template" else None
        report = succeeded(
            leased.report, seen, assessment, narrative, llm, stages, self.prices, self.catalogue
        )
        cached = self.vision_cache.put(leased, seen.observation) if self.vision_cache and seen.is_new else []
        await to_thread.run_sync(self.reports.end, replace(leased, report=report), cached)
        self._tell_ended(leased, report, narrative.usage)
        await self._inferences.clean_up(leased.pending)
        return report

    def _tell_ended(self, leased: LeasedReport, ended: Report, usage: Usage | None = None) -> None:
        total_ms = elapsed_ms(ended)
        log_ended(ended, total_ms, usage)
        self.analytics.report_ended(ended, leased.owner, photos=len(leased.photos), total_ms=total_ms)

    @asynccontextmanager
    async def _failures_recorded(self, leased: LeasedReport, stages: Stages) -> AsyncIterator[None]:
        try:
            yield
        except _NOT_FAILURES:
            raise
        except Exception as error:
            await self.fail(leased, error, stages)
            raise

    async def _try_to_write(self, write: Callable[[LeasedReport], None], leased: LeasedReport) -> bool:
        try:
            await to_thread.run_sync(write, leased)
        except _NOT_FAILURES as error:
            # The error that led here matters more, and a lease that is not released ends by itself.
            logger.warning("report not written", extra={"error": type(error).__name__})
            return False
        return True
