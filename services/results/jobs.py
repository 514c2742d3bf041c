"""The jobs queue's consumer: finishes the reports that its messages speak of."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import boto3

from services.core.messaging.consumer import Message, defer, failures
from services.core.messaging.dead_letters import dead_letter
from services.core.pipeline.wiring import build
from services.core.telemetry import configure_logging
from services.core.vision.fallback_llm import FallbackLlm
from services.results.job_handler import JobHandler, Retry
from services.results.messages import InferenceResult, content
from services.results.settings import JobsSettings

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# Together with a look of 60 s well within a lease.
NARRATE_WITHIN_S, BRIDGE_WITHIN_S = 15.0, 30.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 15, 900
# After so many the message may go: the sweep reminds of the report as long as it has not ended. The queue's
# maxReceiveCount is above this: what gets to the dead letters is a mistake of ours, not a model that is away.
MOST_ATTEMPTS = 8
logger = logging.getLogger(__name__)


class Jobs:
    """Settles messages, all of a batch at once."""

    def __init__(self, finisher: JobHandler, sqs: "SQSClient", queue_url: str, dead_letters_url: str) -> None:
        self._finisher = finisher
        self._sqs = sqs
        self._queue_url = queue_url
        self._dead_letters_url = dead_letters_url

    async def settle(self, messages: Sequence[Message]) -> list[str]:
        """Work on all; return the ids of those that must come again."""
        settled = await asyncio.gather(*(self._settle(message) for message in messages))
        return [message.id for message, done in zip(messages, settled, strict=True) if not done]

    async def _settle(self, message: Message) -> bool:
        said = content(message.body)
        try:
            if said is None:
                reason = "neither a reminder of a report nor news of an endpoint"
                await asyncio.to_thread(dead_letter, self._sqs, self._dead_letters_url, message.body, reason)
                return True
            if isinstance(said, InferenceResult):
                again = await self._finisher.hear(said, message.attempt)
            else:
                again = await self._finisher.remind(said)
        except Exception:
            # A mistake, or a store that is away: it comes again by itself, and in the end is set aside.
            logger.exception("a job failed", extra={"message_id": message.id, "attempt": message.attempt})
            return False
        if again is None:
            return True
        return await self._come_again(message, again)

    async def _come_again(self, message: Message, again: Retry) -> bool:
        if message.attempt >= MOST_ATTEMPTS:
            logger.warning("a job is left to the sweep", extra={"reason": again.why})
            return True
        pause_s = again.in_s or min(FIRST_PAUSE_S * 2 ** (message.attempt - 1), LONGEST_PAUSE_S)
        logger.info("a job comes again", extra={"reason": again.why, "again_in_s": pause_s})
        await defer(self._sqs, self._queue_url, message, pause_s)
        return False


@cache
def _start() -> tuple[asyncio.Runner, Jobs]:
    configure_logging("jobs")
    settings = JobsSettings()
    built = build(
        settings,
        openai_api_key=settings.openai_key(),
        narrate_within_s=NARRATE_WITHIN_S,
        service_tier=settings.llm_job_tier,
    )
    if settings.fallback_llm_model is not None:
        fallback_llm = FallbackLlm(
            built.llm,
            settings.fallback_llm_model,
            usd_per_mtok_input=settings.fallback_llm_usd_per_mtok_input,
            usd_per_mtok_output=settings.fallback_llm_usd_per_mtok_output,
            within_s=BRIDGE_WITHIN_S,
        )
        built = replace(built, work=replace(built.work, fallback_llm=fallback_llm))
    sqs = boto3.client("sqs", region_name=settings.aws_region)
    jobs = Jobs(JobHandler(built), sqs, settings.jobs_queue_url, settings.jobs_dead_letters_url)
    # One loop for the process: the LLM's connections belong to it.
    return asyncio.Runner(), jobs


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer Lambda with the messages to come again (ReportBatchItemFailures)."""
    runner, jobs = _start()
    again = runner.run(jobs.settle([Message.from_record(record) for record in event["Records"]]))
    return failures(again)
