"""Finishes one report that somebody reminds of, or that the endpoint has news of."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from services.core.build import Built
from services.core.errors import (
    ModelRefused,
    ModelUnavailable,
    ReportEnded,
    ReportNotFound,
    ReportTaken,
    VitrineError,
)
from services.core.model_async import TTL_S, AsyncVisionModel
from services.core.photo import seen_of
from services.core.report import UNFINISHED
from services.core.stored_report import Asked, StoredReport, seconds_now
from services.core.telemetry import Stages
from services.results.job_message import News, Reminder

# How long a report waits for its model before it fails.
PATIENCE = timedelta(hours=24)
# A question that SageMaker has forgotten by now: it keeps one for TTL_S.
LOST_AFTER_S = TTL_S + 600
MOST_QUESTIONS = 3


@dataclass(frozen=True)
class Again:
    """The message is to come again in so many seconds; None for a pause that grows with each time."""

    in_s: int | None = None
    why: str = ""


class Finisher:
    """Works with core's own code. Each report is ended by one holder of its lease, or left as it was."""

    def __init__(self, built: Built) -> None:
        self._built = built

    async def remind(self, reminder: Reminder) -> Again | None:
        """Do what the report lacks; None when there is nothing more to do now."""
        try:
            stored = await asyncio.to_thread(self._built.reports.get, reminder.owner, reminder.report_id)
        except ReportNotFound:
            return None
        if stored.report.status not in UNFINISHED:
            return None
        if (
            self._built.work.bridge is None
            and stored.asked
            and not await self._answered(stored.asked)
            and not _lost(stored.asked)
        ):
            return None  # the endpoint will tell; should its news be lost, the sweep reminds again
        return await self._work_on(reminder.owner, reminder.report_id, None)

    async def hear(self, news: News, attempt: int) -> Again | None:
        """Take up what the endpoint has to say."""
        owner = await asyncio.to_thread(self._built.leases.owner_of, news.report_id)
        if owner is None:
            if attempt == 1:
                return Again(2, "the index may not know the report yet")
            model = self._built.work.model
            if isinstance(model, AsyncVisionModel):
                # The report has ended, or was erased: nobody will read this answer.
                await asyncio.to_thread(model.forget, news.output_key)
            return None
        again = await self._work_on(owner, news.report_id, news)
        if again is not None and again.in_s is not None:
            # Whoever has just asked is about to let the report go: that takes no lease's time.
            return Again(min(again.in_s, 2**attempt), again.why)
        return again

    async def _work_on(self, owner: str, report_id: str, news: News | None) -> Again | None:
        try:
            held = await asyncio.to_thread(self._built.leases.take, owner, report_id)
        except (ReportNotFound, ReportEnded):
            return None
        except ReportTaken as error:
            return Again(max(1, error.until - seconds_now() + 1), "another worker holds it")
        try:
            await self._advance(held, news)
        except ModelUnavailable as error:
            return Again(None, str(error))
        except VitrineError:
            pass  # the row says it: failed, erased, or in another's hands
        return None

    async def _advance(self, held: StoredReport, news: News | None) -> None:
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
            if asked.times >= MOST_QUESTIONS:
                problem = f"the endpoint {work.model.endpoint} failed {asked.times} times"
                await work.fail(held, ModelUnavailable(problem), stages)
                return
        elif asked is not None and isinstance(work.model, AsyncVisionModel):
            if await self._take_answer(work.model, held, asked, stages):
                return
            if work.bridge is not None:
                await self._stand_in(held, await asyncio.to_thread(self._photos, held), stages)
                return
            if not _lost(asked):
                await work.give_back(held, "the endpoint is at work on it")
                return
        photos = await asyncio.to_thread(self._photos, held)
        try:
            await work.begin(held, photos, stages)
        except ModelUnavailable:
            if work.bridge is None:
                raise
            again = await asyncio.to_thread(self._built.leases.take, held.owner, held.report.id)
            await self._stand_in(again, photos, stages)

    async def _stand_in(self, held: StoredReport, photos: list[bytes], stages: Stages) -> None:
        try:
            await self._built.work.stand_in(held, photos, stages)
        except ModelUnavailable as error:
            await self._built.work.give_back(held, str(error))
            raise

    async def _take_answer(
        self, model: AsyncVisionModel, held: StoredReport, asked: Asked, stages: Stages
    ) -> bool:
        try:
            sight = await asyncio.to_thread(model.answer, asked, len(held.pictures))
        except VitrineError as error:
            await self._built.work.fail(held, error, stages)
            return True
        if sight is None:
            return False
        stages.timings["model"] = 1000.0 * max(0, seconds_now() - asked.at)
        await self._built.work.finish(held, sight, stages)
        return True

    async def _answered(self, asked: Asked) -> bool:
        model = self._built.work.model
        if not isinstance(model, AsyncVisionModel):
            return True
        return await asyncio.to_thread(model.has_answered, asked)

    def _photos(self, held: StoredReport) -> list[bytes]:
        return [seen_of(self._built.pictures.get(key)) for key in held.pictures]


def _lost(asked: Asked) -> bool:
    return asked.at + LOST_AFTER_S < seconds_now()
