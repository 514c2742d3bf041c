"""The work that an accepted report needs: look, assess, narrate, end it. Who does it holds its lease."""

import asyncio
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from typing import Any

from anyio import to_thread
from botocore.exceptions import BotoCoreError, ClientError

from services.core.assess import assess
from services.core.bridge import Bridge
from services.core.errors import ModelFault, ModelUnavailable, NotYours, ReportNotFound, VitrineError
from services.core.leases import LEASE_S, Leases
from services.core.model import Sight, VisionModel
from services.core.model_async import AsyncVisionModel
from services.core.narrate import Narrator
from services.core.prices import Prices
from services.core.report import Failure, Provenance, Report, Status
from services.core.reports import Reports
from services.core.sights import Sights
from services.core.stored_report import StoredReport, seconds_now
from services.core.telemetry import Stages

# Threads of their own: a slow model does not keep requests from the stores.
_lookers = ThreadPoolExecutor(40, "look")
# These leave the report as it is: not ours any more, or to be tried again once the stores answer.
_LEFT = (ReportNotFound, NotYours, BotoCoreError, ClientError)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Work:
    """What does it.

    `sights` are None where the same photos are looked at anew each time, `bridge` where nobody stands in.
    """

    reports: Reports
    leases: Leases
    model: VisionModel | AsyncVisionModel
    narrator: Narrator
    prices: Prices
    sights: Sights | None = None
    bridge: Bridge | None = None

    async def begin(self, held: StoredReport, photos: Sequence[bytes], stages: Stages) -> Report | None:
        """Look at the photos (≤ 384 px) and end the report; None when the endpoint will tell later.

        Raises what `finish` raises. ModelUnavailable gives the report back unfinished; a store that does not
        answer leaves it so; any other fault ends it as failed, and is raised.
        """
        try:
            if (sight := await self._known(held)) is not None:
                seen_by = Provenance(endpoint=self.model.endpoint, artifact=sight.artifact, reused=True)
                return await self.finish(held, sight, stages, seen_by, sight_usd=0.0)
            with stages.measure("model"):
                if isinstance(self.model, AsyncVisionModel):
                    await self._ask(self.model, held, photos)
                    return None
                sight = await _run(self.model.look, photos)
        except _LEFT:
            raise
        except ModelUnavailable as error:
            await self.give_back(held, f"{error}; it is asked again within 15 minutes, for a day")
            raise
        except Exception as error:
            await self.fail(held, error, stages)
            raise
        return await self.finish(held, sight, stages)

    async def stand_in(self, held: StoredReport, photos: Sequence[bytes], stages: Stages) -> Report:
        """End the report by what the bridge sees; raises what `finish` raises, or ModelUnavailable."""
        if self.bridge is None:
            raise ModelUnavailable("nobody stands in for the endpoint")
        with stages.measure("model"):
            bridged = await self.bridge.look(photos)
        seen_by = Provenance(endpoint=self.model.endpoint, bridge=self.bridge.llm)
        return await self.finish(held, bridged.sight, stages, seen_by, bridged.cost_usd)

    async def finish(
        self,
        held: StoredReport,
        sight: Sight,
        stages: Stages,
        seen_by: Provenance | None = None,
        sight_usd: float | None = None,
    ) -> Report:
        """Assess what was seen, narrate it, and write the report as `succeeded`.

        Without `seen_by` the endpoint saw it now; `sight_usd` is what seeing cost, if not its time.

        Raises ReportNotFound when it was erased meanwhile, NotYours when another worker has taken it over,
        what boto3 raises for a store that does not answer; any other fault ends the report as failed, and is
        raised.
        """
        try:
            assessment = assess(sight)
            if held.lease is not None and held.lease.until < seconds_now() + LEASE_S // 2:
                # Nobody else may pay the LLM for the same words.
                held = await to_thread.run_sync(self.leases.prolong, held)
            with stages.measure("narrate"):
                narrative = await self.narrator.narrate(assessment, held.report.language)
            llm = self.narrator.llm if narrative.source == "llm" else None
            provenance = seen_by or Provenance(endpoint=self.model.endpoint, artifact=sight.artifact)
            timings = held.report.timings_ms.model_copy(update=stages.timings)
            report = held.report.model_copy(
                update={
                    "status": Status.SUCCEEDED,
                    "waiting": None,
                    "product": assessment.product,
                    "condition": assessment.condition,
                    "title": narrative.text.title,
                    "description": narrative.text.description,
                    "caption": assessment.caption,
                    "evidence": assessment.evidence,
                    "narrative": narrative.source,
                    "model": provenance.model_copy(update={"llm": llm}),
                    "timings_ms": timings,
                    "cost_usd": self.prices.cost(
                        self.prices.looking(timings.model or 0.0) if sight_usd is None else sight_usd,
                        narrative,
                    ),
                }
            )
            await to_thread.run_sync(self.reports.end, held.with_report(report))
        except _LEFT:
            raise
        except Exception as error:
            await self.fail(held, error, stages)
            raise
        await self._after(held, None if seen_by else sight)
        return report

    async def fail(self, held: StoredReport, error: Exception, stages: Stages) -> None:
        """End the report as failed, with the error as its reason, as far as the store can be reached."""
        if isinstance(error, VitrineError):
            code = error.code if isinstance(error, ModelFault) else "invalid_input"
            failure = Failure(code=code, reason=str(error))
        else:
            failure = Failure(code="internal_error", reason="the service made a mistake; it has been logged")
        timings = held.report.timings_ms.model_copy(update=stages.timings)
        update = {"status": Status.FAILED, "waiting": None, "failure": failure, "timings_ms": timings}
        failed = held.with_report(held.report.model_copy(update=update))
        await self._leave(self.reports.end, failed)
        await self._after(held, None)

    async def give_back(self, held: StoredReport, why: str) -> None:
        """Let others work on the report at once, as far as the store can be reached."""
        await self._leave(partial(self.leases.release, why=why), held)

    async def erase(self, stored: StoredReport) -> None:
        """Delete what the models were asked about the report, and what they saw."""
        if self.sights is not None:
            await to_thread.run_sync(self.sights.forget, stored)
        await self._forget(stored)

    async def _ask(self, model: AsyncVisionModel, held: StoredReport, photos: Sequence[bytes]) -> None:
        asked = await _run(model.ask, held, photos)
        try:
            await to_thread.run_sync(self.leases.note_asked, held, asked)
        except (ReportNotFound, NotYours):
            # Erased, or asked by another meanwhile: nobody will read this answer.
            await to_thread.run_sync(model.forget, asked.input_key, asked.output_key)
            raise

    async def _known(self, held: StoredReport) -> Sight | None:
        return None if self.sights is None else await to_thread.run_sync(self.sights.known, held)

    async def _after(self, held: StoredReport, sight: Sight | None) -> None:
        # The report has ended: what is left to do must not fail it.
        try:
            if self.sights is not None and sight is not None:
                await to_thread.run_sync(self.sights.keep, held, sight)
            await self._forget(held)
        except (BotoCoreError, ClientError) as error:
            logger.warning(
                "what an ended report leaves was not cleared", extra={"reason": type(error).__name__}
            )

    async def _forget(self, stored: StoredReport) -> None:
        if stored.asked is not None and isinstance(self.model, AsyncVisionModel):
            await to_thread.run_sync(self.model.forget, stored.asked.input_key, stored.asked.output_key)

    async def _leave(self, write: Callable[[StoredReport], None], held: StoredReport) -> None:
        try:
            await to_thread.run_sync(write, held)
        except _LEFT as error:
            # The first error is what has to be known; a lease that is not given back runs out.
            logger.warning("a report was not left in order", extra={"reason": type(error).__name__})


async def _run(call: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_lookers, call, *arguments)
