"""Continues one report: when its job message is due, or when the result of its async inference is there."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from services.core.domain.errors import (
    LeaseHeld,
    ModelRefused,
    ModelUnavailable,
    ReportEnded,
    ReportNotFound,
    VitrineError,
)
from services.core.domain.report import UNFINISHED
from services.core.domain.stored_report import LeasedReport, ReportRef, seconds_now
from services.core.photos.photo import model_jpeg_from_stored
from services.core.pipeline.report_processor import Processed, Unanswered
from services.core.pipeline.wiring import Pipeline
from services.core.telemetry import Stages

# A report fails if the model has not answered by then.
RETRY_DEADLINE = timedelta(hours=24)
MOST_ATTEMPTS_PER_REPORT = 3


@dataclass(frozen=True)
class InferenceResult:
    """An ended async inference: the key of its answer in the exchange bucket, or its failure."""

    report_id: str
    output_key: str | None
    failure: str | None

    @property
    def refused(self) -> bool:
        """Whether the container rejected the request, so that sending it again does not help."""
        return bool(self.failure and re.search(r"client error \(4\d\d\)", self.failure))


class _Response(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    output_location: str | None = None


class _Notification(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    inference_id: str = Field(min_length=1)
    invocation_status: str
    failure_reason: str | None = None
    response_parameters: _Response = _Response()


def parse_message(body: str) -> ReportRef | InferenceResult | None:
    """The content of a message, or None if it has neither form."""
    if (ref := ReportRef.from_json(body)) is not None:
        return ref
    try:
        notification = _Notification.model_validate_json(body)
    except ValidationError:
        return None
    completed = notification.invocation_status == "Completed"
    place = notification.response_parameters.output_location
    return InferenceResult(
        notification.inference_id,
        urlsplit(place).path[1:] if place else None,
        None if completed else notification.failure_reason or "no reason given",
    )


@dataclass(frozen=True)
class Retry:
    """The message must be received again in `in_s` seconds; None for a pause that grows with each attempt."""

    in_s: int | None
    why: str


class JobHandler:
    """Handles the messages of the jobs queue; None means that one is done. Raises what boto3 raises."""

    def __init__(self, pipeline: Pipeline) -> None:
        self._pipeline = pipeline

    async def on_resume(self, ref: ReportRef) -> Retry | None:
        """Continue the report that a job message names."""
        processor = self._pipeline.processor
        try:
            stored = await asyncio.to_thread(self._pipeline.reports.get, ref.owner, ref.report_id)
        except ReportNotFound:
            return None
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
        owner = await asyncio.to_thread(self._pipeline.leases.owner_of, result.report_id)
        if owner is None:
            if attempt == 1:
                return Retry(2, "the index may not have the report yet")
            # The report has ended or was erased: this answer has no reader.
            await asyncio.to_thread(self._pipeline.processor.endpoint.delete, result.output_key)
            return None
        handled = await self._continue(ReportRef(owner, result.report_id), result)
        if isinstance(handled, Retry) and handled.in_s is not None:
            # The worker that sent the request is about to release the report, long before its lease ends.
            return Retry(min(handled.in_s, 2**attempt), handled.why)
        return handled

    async def _continue(self, ref: ReportRef, result: InferenceResult | None) -> Retry | None:
        try:
            leased = await asyncio.to_thread(self._pipeline.leases.take, ref)
        except (ReportNotFound, ReportEnded):
            return None
        except LeaseHeld as error:
            return Retry(max(1, error.until - seconds_now() + 1), "another worker holds it")
        try:
            processed = await self._process(leased, result)
        except VitrineError:
            # The row says what happened: failed, erased, or taken over by another worker.
            return None
        return Retry(None, processed.reason) if isinstance(processed, Unanswered) else None

    async def _process(self, leased: LeasedReport, result: InferenceResult | None) -> Processed:
        processor, stages = self._pipeline.processor, Stages()
        endpoint, pending = processor.endpoint.name, leased.pending
        if leased.report.created_at + RETRY_DEADLINE < datetime.now(UTC):
            problem = f"the endpoint {endpoint} was unavailable for 24 hours"
            return await processor.fail(leased, ModelUnavailable(problem), stages)
        if pending is not None and result is not None and result.failure is not None:
            if result.refused:
                error = ModelRefused("the endpoint rejected the request")
                return await processor.fail(leased, error, stages)
            if pending.attempt >= MOST_ATTEMPTS_PER_REPORT:
                problem = f"the endpoint {endpoint} failed {pending.attempt} times"
                return await processor.fail(leased, ModelUnavailable(problem), stages)
        elif pending is not None:

            async def load_photos() -> Sequence[bytes]:
                return await self._photos(leased)

            return await processor.resume(leased, pending, load_photos, stages)
        return await processor.process(leased, await self._photos(leased), stages)

    async def _photos(self, leased: LeasedReport) -> Sequence[bytes]:
        def load() -> list[bytes]:
            return [model_jpeg_from_stored(self._pipeline.images.get(key)) for key in leased.pictures]

        return await asyncio.to_thread(load)
