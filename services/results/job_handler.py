"""Finishes one report that somebody reminds of, or that the endpoint has news of."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.core.domain.errors import (
    LeaseHeld,
    ModelRefused,
    ModelUnavailable,
    ReportEnded,
    ReportNotFound,
    VitrineError,
)
from services.core.domain.report import UNFINISHED
from services.core.domain.stored_report import PendingInference, StoredReport, seconds_now
from services.core.photos.photo import model_jpeg_from_stored
from services.core.pipeline.wiring import Pipeline
from services.core.telemetry import Stages
from services.core.vision.async_endpoint import TTL_S, AsyncVisionEndpoint
from services.results.messages import InferenceResult, ResumeReport

# How long a report waits for its model before it fails.
PATIENCE = timedelta(hours=24)
# A question that SageMaker has forgotten by now: it keeps one for TTL_S.
LOST_AFTER_S = TTL_S + 600
MOST_QUESTIONS = 3


@dataclass(frozen=True)
class Retry:
    """The message is to come again in so many seconds; None for a pause that grows with each time."""

    in_s: int | None = None
    why: str = ""


class JobHandler:
    """Works with core's own code. Each report is ended by one holder of its lease, or left as it was."""

    def __init__(self, built: Pipeline) -> None:
        self._built = built

    async def remind(self, reminder: ResumeReport) -> Retry | None:
        """Do what the report lacks; None when there is nothing more to do now."""
        try:
            stored = await asyncio.to_thread(self._built.reports.get, reminder.owner, reminder.report_id)
        except ReportNotFound:
            return None
        if stored.report.status not in UNFINISHED:
            return None
        if (
            self._built.work.fallback_llm is None
            and stored.asked
            and not await self._answered(stored.asked)
            and not _lost(stored.asked)
        ):
            return None  # the endpoint will tell; should its news be lost, the sweep reminds again
        return await self._work_on(reminder.owner, reminder.report_id, None)

    async def hear(self, news: InferenceResult, attempt: int) -> Retry | None:
        """Take up what the endpoint has to say."""
        owner = await asyncio.to_thread(self._built.leases.owner_of, news.report_id)
        if owner is None:
            if attempt == 1:
                return Retry(2, "the index may not know the report yet")
            model = self._built.work.model
            if isinstance(model, AsyncVisionEndpoint):
                # The report has ended, or was erased: nobody will read this answer.
                await asyncio.to_thread(model.forget, news.output_key)
            return None
        again = await self._work_on(owner, news.report_id, news)
        if again is not None and again.in_s is not None:
            # Whoever has just asked is about to let the report go: that takes no lease's time.
            return Retry(min(again.in_s, 2**attempt), again.why)
        return again

    async def _work_on(self, owner: str, report_id: str, news: InferenceResult | None) -> Retry | None:
        try:
            held = await asyncio.to_thread(self._built.leases.take, owner, report_id)
        except (ReportNotFound, ReportEnded):
            return None
        except LeaseHeld as error:
            return Retry(max(1, error.until - seconds_now() + 1), "another worker holds it")
        try:
            await self._advance(held, news)
        except ModelUnavailable as error:
            return Retry(None, str(error))
        except VitrineError:
            pass  # the row says it: failed, erased, or in another's hands
        return None

    async def _advance(self, held: StoredReport, news: InferenceResult | None) -> None:
        stages = Stages()
        work = self._built.work
        if held.report.created_at + PATIENCE < datetime.now(UTC):
            problem = f"the endpoint {work.model.endpoint} was not there for a day"
            await work.fail(held, ModelUnavailable(problem), stages)
            return
        asked = held.asked
        if news is not None and news.failure is not None and asked is not None:
            if news.refused:
                await work.fail(held, ModelRefused("the endpoint found fault with the request"), stages)
                return
            if asked.attempt >= MOST_QUESTIONS:
                problem = f"the endpoint {work.model.endpoint} failed {asked.attempt} times"
                await work.fail(held, ModelUnavailable(problem), stages)
                return
        elif asked is not None and isinstance(work.model, AsyncVisionEndpoint):
            if await self._take_answer(work.model, held, asked, stages):
                return
            if work.fallback_llm is not None:
                await self._stand_in(held, await asyncio.to_thread(self._photos, held), stages)
                return
            if not _lost(asked):
                await work.release(held, "the endpoint is at work on it")
                return
        photos = await asyncio.to_thread(self._photos, held)
        try:
            await work.begin(held, photos, stages)
        except ModelUnavailable:
            if work.fallback_llm is None:
                raise
            again = await asyncio.to_thread(self._built.leases.take, held.owner, held.report.id)
            await self._stand_in(again, photos, stages)

    async def _stand_in(self, held: StoredReport, photos: list[bytes], stages: Stages) -> None:
        try:
            await self._built.work.run_fallback(held, photos, stages)
        except ModelUnavailable as error:
            await self._built.work.release(held, str(error))
            raise

    async def _take_answer(
        self, model: AsyncVisionEndpoint, held: StoredReport, asked: PendingInference, stages: Stages
    ) -> bool:
        try:
            observation = await asyncio.to_thread(model.answer, asked, len(held.pictures))
        except VitrineError as error:
            await self._built.work.fail(held, error, stages)
            return True
        if observation is None:
            return False
        stages.timings["model"] = 1000.0 * max(0, seconds_now() - asked.at)
        await self._built.work.finish(held, observation, stages)
        return True

    async def _answered(self, asked: PendingInference) -> bool:
        model = self._built.work.model
        if not isinstance(model, AsyncVisionEndpoint):
            return True
        return await asyncio.to_thread(model.has_answered, asked)

    def _photos(self, held: StoredReport) -> list[bytes]:
        return [model_jpeg_from_stored(self._built.pictures.get(key)) for key in held.pictures]


def _lost(asked: PendingInference) -> bool:
    return asked.at + LOST_AFTER_S < seconds_now()
