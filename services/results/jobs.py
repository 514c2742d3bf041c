"""The jobs queue's consumer: continues the reports that its messages name."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3

from services.core.domain.timing import PRODUCTION, Timing
from services.core.messaging.consumer import Message, defer, failures
from services.core.messaging.dead_letters import dead_letter
from services.core.pipeline.wiring import build_pipeline
from services.core.telemetry import configure_logging
from services.core.vision.fallback_llm import FallbackLlm
from services.results.job_handler import Done, JobHandler, Retry
from services.results.messages import InferenceResult, parse_message
from services.results.settings import JobsSettings

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# After the last attempt the message is deleted: the sweep sends another one as long as the report has not
# ended. The queue's maxReceiveCount is higher, so that only our own errors lead to dead letters.
MOST_ATTEMPTS = 8
logger = logging.getLogger(__name__)


class Jobs:
    """Handles messages, all of a batch concurrently."""

    def __init__(
        self,
        handler: JobHandler,
        sqs: "SQSClient",
        queue_url: str,
        dead_letters_url: str,
        timing: Timing = PRODUCTION,
    ) -> None:
        self._handler = handler
        self._sqs = sqs
        self._queue_url = queue_url
        self._dead_letters_url = dead_letters_url
        self._timing = timing

    async def settle(self, messages: Sequence[Message]) -> list[str]:
        """Handle all; return the ids of those that stay in the queue."""
        settled = await asyncio.gather(*(self._settle(message) for message in messages))
        return [message.id for message, done in zip(messages, settled, strict=True) if not done]

    async def _settle(self, message: Message) -> bool:
        try:
            content = parse_message(message.body)
            if content is None:
                reason = "neither the name of a report nor the result of an inference"
                await asyncio.to_thread(dead_letter, self._sqs, self._dead_letters_url, message.body, reason)
                return True
            if isinstance(content, InferenceResult):
                handled = await self._handler.on_inference_result(content, message.attempt)
            else:
                handled = await self._handler.on_resume(content)
        except Exception:
            # An error of ours, or of a store: SQS delivers the message again, and dead-letters it in the end.
            logger.exception("job failed", extra={"message_id": message.id, "attempt": message.attempt})
            return False
        return True if isinstance(handled, Done) else await self._retry(message, handled)

    async def _retry(self, message: Message, retry: Retry) -> bool:
        if message.attempt >= MOST_ATTEMPTS:
            logger.warning("job left to the sweep", extra={"reason": retry.why})
            return True
        first, longest = self._timing.first_retry_s, self._timing.longest_retry_s
        pause_s = retry.in_s or min(first * 2 ** (message.attempt - 1), longest)
        logger.info("job retried later", extra={"reason": retry.why, "retry_in_s": pause_s})
        await defer(self._sqs, self._queue_url, message, pause_s)
        return False


@cache
def _start(timing: Timing) -> tuple[asyncio.Runner, Jobs]:
    configure_logging("jobs")
    settings = JobsSettings()
    pipeline = build_pipeline(
        settings,
        openai_api_key=settings.openai_key(),
        narrate_timeout_s=timing.narrate_in_job_s,
        timing=timing,
        service_tier=settings.llm_service_tier_for_jobs,
    )
    if settings.bridge_llm is not None:
        fallback_llm = FallbackLlm(
            pipeline.llm,
            settings.bridge_llm,
            usd_per_mtok_input=settings.bridge_usd_per_mtok_input,
            usd_per_mtok_output=settings.bridge_usd_per_mtok_output,
            timeout_s=timing.fallback_s,
        )
        pipeline = replace(pipeline, processor=replace(pipeline.processor, fallback_llm=fallback_llm))
    sqs = boto3.client("sqs", region_name=settings.aws_region)
    handler = JobHandler(pipeline)
    jobs = Jobs(handler, sqs, settings.jobs_queue_url, settings.jobs_dead_letters_url, timing)
    # One loop for the process: the LLM's connections belong to it.
    return asyncio.Runner(), jobs


def handle(event: dict[str, Any], _context: object, timing: Timing = PRODUCTION) -> dict[str, Any]:
    """Handle Lambda's event; return the messages that stay in the queue (ReportBatchItemFailures)."""
    runner, jobs = _start(timing)
    return failures(runner.run(jobs.settle([Message.from_record(record) for record in event["Records"]])))
