"""What every service that works on reports is made of: one client of each kind for the whole process."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from openai import AsyncOpenAI

from services.core.aws import STORES, AwsClients
from services.core.messaging.job_queue import JobQueue
from services.core.narrative.narrator import Narrator
from services.core.pipeline.cost import Prices
from services.core.pipeline.llm import openai_client
from services.core.pipeline.report_processor import ReportProcessor
from services.core.storage.image_store import ImageStore
from services.core.storage.leases import Leases
from services.core.storage.reports import Reports
from services.core.storage.uploads import Uploads
from services.core.storage.vision_cache import VisionCache
from services.core.vision.async_endpoint import AsyncVisionEndpoint
from services.core.vision.endpoint import RealtimeVisionEndpoint

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

    from services.core.pipeline.settings import WorkSettings
    from services.core.secrets import Secret

# SageMaker's own limit; whoever waits for the report may be gone by then.
MODEL_WITHIN_S = 60
# Of the standard tier's.
FLEX_PRICE = 0.5


@dataclass(frozen=True)
class Pipeline:
    """Stores, queue and work over the same clients."""

    pictures: ImageStore
    uploads: Uploads
    reports: Reports
    leases: Leases
    queue: JobQueue
    work: ReportProcessor
    llm: AsyncOpenAI


def build(
    settings: "WorkSettings",
    *,
    openai_api_key: "Secret[str]",
    narrate_within_s: float,
    quota_per_day: int = 0,
    service_tier: str | None = None,
) -> Pipeline:
    """Make every client; none is called yet, so this works while they are down.

    `quota_per_day` is for who accepts reports; `service_tier` is OpenAI's, "flex" for work that can wait.
    """
    clients = AwsClients(settings.aws_region, STORES)
    s3, dynamodb = clients.s3(), clients.dynamodb()
    runtime = clients.sagemaker_runtime(MODEL_WITHIN_S)
    llm = openai_client(openai_api_key, str(settings.llm_base_url) if settings.llm_base_url else None)
    table = settings.reports_table
    reports, leases = Reports(dynamodb, table, quota_per_day), Leases(dynamodb, table)
    share = FLEX_PRICE if service_tier == "flex" else 1.0
    work = ReportProcessor(
        reports=reports,
        leases=leases,
        model=_model(settings, runtime, s3),
        narrator=Narrator(
            llm, settings.llm_model, narrate_within_s, settings.llm_reasoning_effort, service_tier
        ),
        prices=Prices(
            settings.model_usd_per_hour,
            settings.llm_usd_per_mtok_input * share,
            settings.llm_usd_per_mtok_output * share,
        ),
        vision_cache=VisionCache(dynamodb, table) if settings.reuse_answers else None,
    )
    return Pipeline(
        pictures=ImageStore(s3, settings.image_bucket, settings.image_key_id),
        uploads=Uploads(s3, settings.image_bucket, settings.image_key_id),
        reports=reports,
        leases=leases,
        queue=JobQueue(clients.sqs(), settings.jobs_queue_url),
        work=work,
        llm=llm,
    )


def _model(
    settings: "WorkSettings", runtime: "SageMakerRuntimeClient", s3: "S3Client"
) -> RealtimeVisionEndpoint | AsyncVisionEndpoint:
    if settings.exchange_bucket is None:
        return RealtimeVisionEndpoint(runtime, settings.model_endpoint)
    return AsyncVisionEndpoint(
        runtime,
        s3,
        endpoint=settings.model_endpoint,
        bucket=settings.exchange_bucket,
        kms_key_id=settings.exchange_key_id,
    )
