"""The jobs queue's consumer: finishes the reports that its messages speak of."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

from services.core.aws import STORES, AwsClients
from services.core.messaging.consumer import Consumer, DeadLetter, Defer, Message, Outcome, failures
from services.core.pipeline.wiring import build
from services.core.secrets import Secret
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
        self._consumer = Consumer(sqs, queue_url, dead_letters_url)

    async def settle(self, messages: Sequence[Message]) -> list[str]:
        """Work on all; return the ids of those that stay in the queue."""
        return await self._consumer.settle(messages, self._work)

    async def _work(self, message: Message) -> Outcome:
        said = content(message.body)
        if said is None:
            return DeadLetter("neither a reminder of a report nor news of an endpoint")
        if isinstance(said, InferenceResult):
            again = await self._finisher.hear(said, message.attempt)
        else:
            again = await self._finisher.remind(said)
        return None if again is None else self._retry(message, again)

    def _retry(self, message: Message, again: Retry) -> Outcome:
        if message.attempt >= MOST_ATTEMPTS:
            logger.warning("a job is left to the sweep", extra={"reason": again.why})
            return None
        pause_s = again.in_s or min(FIRST_PAUSE_S * 2 ** (message.attempt - 1), LONGEST_PAUSE_S)
        return Defer(pause_s, again.why)


@cache
def _start() -> tuple[asyncio.Runner, Jobs]:
    configure_logging("jobs")
    settings = JobsSettings()
    clients = AwsClients(settings.aws_region, STORES)
    built = build(
        settings,
        openai_api_key=_openai_key(settings, clients),
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
    jobs = Jobs(JobHandler(built), clients.sqs(), settings.jobs_queue_url, settings.jobs_dead_letters_url)
    # One loop for the process: the LLM's connections belong to it.
    return asyncio.Runner(), jobs


def _openai_key(settings: JobsSettings, clients: AwsClients) -> Secret[str]:
    if settings.openai_api_key is not None:
        return Secret.fixed(settings.openai_api_key.get_secret_value().strip())
    key = Secret.named(clients.secrets_manager(), settings.openai_secret_name or "", str.strip)
    # Without a readable key the function must not start: each report would get the template's words.
    key.value()
    return key


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer Lambda with the messages to come again (ReportBatchItemFailures)."""
    runner, jobs = _start()
    again = runner.run(jobs.settle([Message.from_record(record) for record in event["Records"]]))
    return failures(again)
