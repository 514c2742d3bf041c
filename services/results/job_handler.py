"""Continues one report: when its job message is due, or when the result of its async inference is there."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from services.core.domain.errors import (
    LeaseHeld,
    LeaseLost,
    ModelRefused,
    ModelUnavailable,
    ReportNotFound,
    VitrineError,
)
from services.core.domain.observation import PendingInference
from services.core.domain.report import UNFINISHED, Stage
from services.core.domain.stored_report import LeasedReport, ReportRef, StoredReport, seconds_now
from services.core.domain.timing import PRODUCTION, Timing
from services.core.photos.photo import model_jpeg_from_stored
from services.core.pipeline.outcomes import Processed, Unanswered, overdue_fault
from services.core.pipeline.wiring import Pipeline
from services.core.telemetry import Stages, add_context, user_hash
from services.core.trace import adopt
from services.core.vision.async_endpoint import PROBE, request_key
from services.results.job_messages import InferenceResult
from services.results.report_events import ReportErased

# A report fails if the model has not answered by then.
RETRY_DEADLINE = timedelta(hours=24)


@dataclass(frozen=True)
class Retry:
    """The message must be received again in `in_s` seconds; None for a pause that grows with each attempt."""

    in_s: int | None
    why: str


class JobHandler:
    """Handles the messages of the jobs queue; None means that one is done. Raises what boto3 raises."""

    def __init__(
        self,
        pipeline: Pipeline,
        timing: Timing = PRODUCTION,
        tell_erased: Callable[[ReportErased], None] = lambda erased: None,
    ) -> None:
        self._pipeline = pipeline
        self._timing = timing
        self._tell_erased = tell_erased

    async def on_erasure(self, ref: ReportRef) -> None:
        """Erase a report for its database, which repeats this until it hears that the report is gone.

        The table's stream tells of an erasure, but of none that was before: so that is told here.
        """
        _name(ref)
        try:
            await self._pipeline.erasure.erase(ref)
        except ReportNotFound:
            await asyncio.to_thread(self._tell_erased, ReportErased(ref, None, seconds_now()))

    async def on_resume(self, ref: ReportRef) -> Retry | None:
        """Continue the report that a job message names; one that was erased leaves nothing behind."""
        _name(ref)
        processor = self._pipeline.processor
        try:
            stored = await asyncio.to_thread(self._pipeline.reports.get, ref.owner, ref.report_id)
        except ReportNotFound:
            await self._pipeline.erasure.clean_up(ref)
            return None
        adopt(stored.traceparent)
        if stored.report.status not in UNFINISHED:
            return None
        if (
            processor.fallback_llm is None
            and stored.pending
            and await asyncio.to_thread(processor.endpoint.is_working_on, stored.pending)
        ):
            # SNS will announce the result; if that message is lost, the sweep sends another job message.
            return None
        return await self._continue(ref, None)

    async def on_inference_result(self, result: InferenceResult, attempt: int) -> Retry | None:
        """Continue the report of an inference; `attempt` is how many times its message was received."""
        if result.report_id == PROBE:
            return None
        owner = await asyncio.to_thread(self._pipeline.leases.owner_of, result.report_id)
        if owner is None:
            if attempt == 1:
                return Retry(2, "the index may not have the report yet")
            await self._discard(result)
            return None
        _name(ReportRef(owner, result.report_id))
        try:
            stored = await asyncio.to_thread(self._pipeline.reports.get, owner, result.report_id)
        except ReportNotFound:
            await self._discard(result)
            return None
        adopt(stored.traceparent)
        if not result.concerns(stored.pending) and not _is_held(stored):
            # Repeated, or the outcome of an earlier request: it changes nothing.
            await self._discard(result)
            return None
        handled = await self._continue(stored.ref, result)
        if isinstance(handled, Retry) and handled.in_s is not None:
            # The worker that sent the request is about to release the report, long before its lease ends.
            return Retry(min(handled.in_s, 2**attempt), handled.why)
        if isinstance(handled, Retry):
            # This notification is settled; a job message continues the report after a pause.
            pause_s = self._timing.retry_pause_s(max(stored.attempts, 1))
            await asyncio.to_thread(self._pipeline.queue.send, stored.ref, pause_s)
            return None
        return handled

    async def _discard(self, result: InferenceResult) -> None:
        """Delete the outcome of an inference that no report waits for."""
        reports, endpoint = self._pipeline.reports, self._pipeline.processor.endpoint
        noted = await asyncio.to_thread(reports.noted_failure_key, result.inference_id)
        await asyncio.to_thread(endpoint.delete, result.output_key, result.failure_key or noted)
        if noted is not None:
            # Last: a worker that is killed before it leaves the key to the message's next attempt.
            await asyncio.to_thread(reports.forget_failure_key, result.inference_id)

    async def _continue(self, ref: ReportRef, result: InferenceResult | None) -> Retry | None:
        # With the answer there, what is left is the narration.
        stage: Stage = "narrate" if result is not None and result.failure is None else "model"
        try:
            leased = await asyncio.to_thread(self._pipeline.leases.take, ref, stage)
        except LeaseHeld as error:
            return Retry(max(1, error.until - seconds_now() + 1), "another worker holds it")
        except (ReportNotFound, LeaseLost):
            if result is not None:
                await self._discard(result)
            return None
        if result is not None and not result.concerns(leased.pending):
            # Another worker has settled the same notification since the row was read.
            await self._pipeline.processor.release(leased, None)
            return None
        try:
            processed = await self._process(leased, result)
        except VitrineError:
            # The row says what happened: failed, erased, or taken over by another worker.
            return None
        return Retry(None, processed.reason) if isinstance(processed, Unanswered) else None

    async def _process(self, leased: LeasedReport, result: InferenceResult | None) -> Processed:
        processor, stages = self._pipeline.processor, Stages()
        name, overdue = processor.endpoint.name, leased.report.created_at + RETRY_DEADLINE < datetime.now(UTC)

        async def load_photos() -> Sequence[bytes]:
            return await self._photos(leased)

        pending = leased.pending
        if result is not None and pending is None:
            request = request_key(leased.report.id)
            pending = PendingInference(request, result.output_key or "", seconds_now(), leased.attempts)
            leased = replace(leased, pending=pending)
        fault = leased.fault
        if result is not None and result.failure is not None:
            mismatch = result.mismatch(name, processor.catalogue.version)
            if result.refused and mismatch is None:
                error = ModelRefused("the endpoint rejected the request")
                return await processor.fail(leased, error, stages)
            if not overdue:
                failed = mismatch or ModelUnavailable(f"the endpoint {name} failed")
                return await processor.retry(leased, failed, load_photos, stages)
            fault = mismatch.code if mismatch else fault
        elif pending is not None:
            announced = result is not None
            return await processor.resume(
                leased, pending, load_photos, stages, announced=announced, overdue=overdue
            )
        if overdue:
            return await processor.fail(
                leased, overdue_fault(name, processor.catalogue.version, fault), stages
            )
        return await processor.process(leased, await self._photos(leased), stages)

    async def _photos(self, leased: LeasedReport) -> Sequence[bytes]:
        images, large = self._pipeline.images, self._pipeline.processor.large_photos

        def load() -> list[bytes]:
            return [model_jpeg_from_stored(images.get(key), large=large) for key in leased.pictures]

        return await asyncio.to_thread(load)


def _name(ref: ReportRef) -> None:
    """Have all further log lines of this message name the report and its user."""
    add_context(report=ref.report_id, user=user_hash(ref.owner))


def _is_held(stored: StoredReport) -> bool:
    return stored.lease is not None and stored.lease.until >= seconds_now()
