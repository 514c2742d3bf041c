"""The jobs queue's consumer: continues the reports that its messages name."""

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field, SecretStr

from services.core.analytics.sender import Sender
from services.core.aws import STORES, AwsClients
from services.core.domain.timing import PRODUCTION, Timing
from services.core.messaging.attributes import trace_attributes
from services.core.messaging.consumer import Consumer, DeadLetter, Defer, Message, Outcome, failures
from services.core.pipeline.wiring import PipelineSettings, build_pipeline
from services.core.secrets import Name, Secret
from services.core.telemetry import configure_logging
from services.core.vision.fallback_llm import FallbackLlm
from services.results.job_handler import JobHandler
from services.results.job_messages import EraseReport, InferenceResult, parse_message
from services.results.report_events import ReportErased

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

# After the last attempt the message is deleted: the sweep sends another one as long as the report has not
# ended. The queue's maxReceiveCount is higher, so that only our own errors lead to dead letters.
MOST_ATTEMPTS = 8
# What a PostHog that does not answer costs the invocation that finds out; those of the next minute, nothing.
TELL_WITHIN_S = 2.0
logger = logging.getLogger(__name__)


class JobsSettings(PipelineSettings):
    """OpenAI's key is given by value on one machine, by its name in Secrets Manager in AWS."""

    jobs_dead_letters_url: Name
    webhook_queue_url: Name | None = None
    openai_api_key: SecretStr | None = None
    openai_secret_name: Name | None = None
    llm_job_tier: Literal["flex"] | None = None
    fallback_llm_model: Name | None = None
    fallback_llm_usd_per_mtok_input: float = Field(default=0.0, ge=0)
    fallback_llm_usd_per_mtok_output: float = Field(default=0.0, ge=0)


class Jobs:
    """Settles messages, all of a batch concurrently."""

    def __init__(
        self,
        handler: JobHandler,
        sqs: "SQSClient",
        queue_url: str,
        dead_letters_url: str,
        timing: Timing = PRODUCTION,
    ) -> None:
        self._handler = handler
        self._consumer = Consumer(sqs, queue_url, dead_letters_url)
        self._timing = timing

    async def settle(self, messages: Sequence[Message]) -> list[str]:
        """Handle all; return the ids of those that stay in the queue."""
        return await self._consumer.settle(messages, self._handle)

    async def _handle(self, message: Message) -> Outcome:
        content = parse_message(message.body)
        if content is None:
            return DeadLetter("neither the name of a report nor the result of an inference")
        if isinstance(content, EraseReport):
            await self._handler.on_erasure(content.ref)
            return None
        if isinstance(content, InferenceResult):
            handled = await self._handler.on_inference_result(content, message.attempt)
        else:
            handled = await self._handler.on_resume(content)
        if handled is None:
            return None
        if message.attempt >= MOST_ATTEMPTS:
            logger.warning("job left to the sweep", extra={"reason": handled.why})
            return None
        return Defer(handled.in_s or self._timing.retry_pause_s(message.attempt), handled.why)


@cache
def _start(timing: Timing) -> tuple[asyncio.Runner, Jobs, Sender]:
    configure_logging("jobs")
    settings = JobsSettings()
    clients = AwsClients(settings.aws_region, STORES)
    pipeline = build_pipeline(
        settings,
        openai_api_key=_openai_key(settings, clients),
        narrate_timeout_s=timing.narrate_in_job_s,
        timing=timing,
        service_tier=settings.llm_job_tier,
    )
    if settings.fallback_llm_model is not None:
        fallback_llm = FallbackLlm(
            pipeline.llm,
            settings.fallback_llm_model,
            pipeline.processor.catalogue,
            usd_per_mtok_input=settings.fallback_llm_usd_per_mtok_input,
            usd_per_mtok_output=settings.fallback_llm_usd_per_mtok_output,
            timeout_s=timing.fallback_s,
        )
        pipeline = replace(pipeline, processor=replace(pipeline.processor, fallback_llm=fallback_llm))
    sqs = clients.sqs()

    def tell_erased(erased: ReportErased) -> None:
        if settings.webhook_queue_url is not None:
            sqs.send_message(
                QueueUrl=settings.webhook_queue_url,
                MessageBody=erased.to_json(),
                MessageAttributes=trace_attributes(),
            )

    handler, dead_letters_url = JobHandler(pipeline, timing, tell_erased), settings.jobs_dead_letters_url
    jobs = Jobs(handler, sqs, settings.jobs_queue_url, dead_letters_url, timing)
    # One loop for the process: the LLM's connections belong to it.
    return asyncio.Runner(), jobs, pipeline.processor.analytics.sender


def _openai_key(settings: JobsSettings, clients: AwsClients) -> Secret[str]:
    if settings.openai_api_key is not None:
        return Secret.fixed(settings.openai_api_key.get_secret_value().strip())
    key = Secret.named(clients.secrets_manager(), settings.openai_secret_name or "", str.strip)
    # Without a readable key the function must not start: each report would get the template's text.
    key.value()
    return key


def handle(event: dict[str, Any], _context: object, timing: Timing = PRODUCTION) -> dict[str, Any]:
    """Handle Lambda's event; return the messages that stay in the queue (ReportBatchItemFailures)."""
    runner, jobs, sender = _start(timing)
    messages = [Message.from_record(record) for record in event["Records"]]
    try:
        return failures(runner.run(jobs.settle(messages)))
    finally:
        # Lambda freezes the process once it has answered.
        runner.run(sender.flush(TELL_WITHIN_S))
