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

from services.core.domain.assessment import assess
from services.core.domain.errors import LeaseLost, ModelFault, ModelUnavailable, ReportNotFound, VitrineError
from services.core.domain.observation import Observation
from services.core.domain.report import Failure, Provenance, Report, Status
from services.core.domain.stored_report import StoredReport, seconds_now
from services.core.narrative.narrator import Narrator
from services.core.pipeline.cost import Prices
from services.core.storage.leases import LEASE_S, Leases
from services.core.storage.reports import Reports
from services.core.storage.vision_cache import VisionCache
from services.core.telemetry import Stages
from services.core.vision.async_endpoint import AsyncVisionEndpoint
from services.core.vision.endpoint import RealtimeVisionEndpoint
from services.core.vision.fallback_llm import FallbackLlm

# Threads of their own: a slow model does not keep requests from the stores.
_lookers = ThreadPoolExecutor(40, "look")
# These leave the report as it is: not ours any more, or to be tried again once the stores answer.
_LEFT = (ReportNotFound, LeaseLost, BotoCoreError, ClientError)
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ReportProcessor:
    """What does it.

    `sights` are None where the same photos are looked at anew each time, `bridge` where nobody stands in.
    """

    reports: Reports
    leases: Leases
    model: RealtimeVisionEndpoint | AsyncVisionEndpoint
    narrator: Narrator
    prices: Prices
    vision_cache: VisionCache | None = None
    fallback_llm: FallbackLlm | None = None

    async def begin(self, held: StoredReport, photos: Sequence[bytes], stages: Stages) -> Report | None:
        """Look at the photos (≤ 384 px) and end the report; None when the endpoint will tell later.

        Raises what `finish` raises. ModelUnavailable gives the report back unfinished; a store that does not
        answer leaves it so; any other fault ends it as failed, and is raised.
        """
        try:
            if (observation := await self._known(held)) is not None:
                seen_by = Provenance(endpoint=self.model.endpoint, artifact=observation.artifact, reused=True)
                return await self.finish(held, observation, stages, seen_by, vision_usd=0.0)
            with stages.measure("model"):
                if isinstance(self.model, AsyncVisionEndpoint):
                    await self._ask(self.model, held, photos)
                    return None
                observation = await _run(self.model.look, photos)
        except _LEFT:
            raise
        except ModelUnavailable as error:
            await self.release(held, f"{error}; it is asked again within 15 minutes, for a day")
            raise
        except Exception as error:
            await self.fail(held, error, stages)
            raise
        return await self.finish(held, observation, stages)

    async def run_fallback(self, held: StoredReport, photos: Sequence[bytes], stages: Stages) -> Report:
        """End the report by what the bridge sees; raises what `finish` raises, or ModelUnavailable."""
        if self.fallback_llm is None:
            raise ModelUnavailable("nobody stands in for the endpoint")
        with stages.measure("model"):
            bridged = await self.fallback_llm.look(photos)
        seen_by = Provenance(endpoint=self.model.endpoint, bridge=self.fallback_llm.llm)
        return await self.finish(held, bridged.observation, stages, seen_by, bridged.cost_usd)

    async def finish(
        self,
        held: StoredReport,
        observation: Observation,
        stages: Stages,
        seen_by: Provenance | None = None,
        vision_usd: float | None = None,
    ) -> Report:
        """Assess what was seen, narrate it, and write the report as `succeeded`.

        Without `seen_by` the endpoint saw it now; `sight_usd` is what seeing cost, if not its time.

        Raises ReportNotFound when it was erased meanwhile, NotYours when another worker has taken it over,
        what boto3 raises for a store that does not answer; any other fault ends the report as failed, and is
        raised.
        """
        try:
            assessment = assess(observation)
            if held.lease is not None and held.lease.until < seconds_now() + LEASE_S // 2:
                # Nobody else may pay the LLM for the same words.
                held = await to_thread.run_sync(self.leases.renew, held)
            with stages.measure("narrate"):
                narrative = await self.narrator.narrate(assessment, held.report.language)
            llm = self.narrator.llm if narrative.source == "llm" else None
            provenance = seen_by or Provenance(endpoint=self.model.endpoint, artifact=observation.artifact)
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
                        self.prices.looking(timings.model or 0.0) if vision_usd is None else vision_usd,
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
        await self._after(held, None if seen_by else observation)
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

    async def release(self, held: StoredReport, why: str) -> None:
        """Let others work on the report at once, as far as the store can be reached."""
        await self._leave(partial(self.leases.release, why=why), held)

    async def erase(self, stored: StoredReport) -> None:
        """Delete what the models were asked about the report, and what they saw."""
        if self.vision_cache is not None:
            await to_thread.run_sync(self.vision_cache.forget, stored)
        await self._forget(stored)

    async def _ask(self, model: AsyncVisionEndpoint, held: StoredReport, photos: Sequence[bytes]) -> None:
        asked = await _run(model.ask, held, photos)
        try:
            await to_thread.run_sync(self.leases.record_inference, held, asked)
        except (ReportNotFound, LeaseLost):
            # Erased, or asked by another meanwhile: nobody will read this answer.
            await to_thread.run_sync(model.forget, asked.input_key, asked.output_key)
            raise

    async def _known(self, held: StoredReport) -> Observation | None:
        return None if self.vision_cache is None else await to_thread.run_sync(self.vision_cache.known, held)

    async def _after(self, held: StoredReport, observation: Observation | None) -> None:
        # The report has ended: what is left to do must not fail it.
        try:
            if self.vision_cache is not None and observation is not None:
                await to_thread.run_sync(self.vision_cache.keep, held, observation)
            await self._forget(held)
        except (BotoCoreError, ClientError) as error:
            logger.warning(
                "what an ended report leaves was not cleared", extra={"reason": type(error).__name__}
            )

    async def _forget(self, stored: StoredReport) -> None:
        if stored.asked is not None and isinstance(self.model, AsyncVisionEndpoint):
            await to_thread.run_sync(self.model.forget, stored.asked.input_key, stored.asked.output_key)

    async def _leave(self, write: Callable[[StoredReport], None], held: StoredReport) -> None:
        try:
            await to_thread.run_sync(write, held)
        except _LEFT as error:
            # The first error is what has to be known; a lease that is not given back runs out.
            logger.warning("a report was not left in order", extra={"reason": type(error).__name__})


async def _run(call: Callable[..., Any], *arguments: Any) -> Any:
    return await asyncio.get_running_loop().run_in_executor(_lookers, call, *arguments)
