"""The stores, queue and processor of a service, over one client of each kind for the whole process."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from openai import AsyncOpenAI

from services.core.domain.timing import PRODUCTION, Timing
from services.core.messaging.job_queue import JobQueue
from services.core.narrative.narrator import Narrator
from services.core.pipeline.report_processor import Prices, ReportProcessor
from services.core.storage.image_store import ImageStore
from services.core.storage.leases import Leases
from services.core.storage.reports import Reports
from services.core.storage.uploads import PRESIGNING, Uploads
from services.core.storage.vision_cache import VisionCache
from services.core.vision.async_endpoint import AsyncVisionEndpoint
from services.core.vision.endpoint import RealtimeVisionEndpoint, VisionEndpoint

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient
    from mypy_boto3_sqs.client import SQSClient

    from services.core.pipeline.settings import WorkSettings

# As many calls as worker threads can make; boto's default of 10 would queue them.
CONNECTIONS = 40
# Flex-tier tokens cost half the standard price.
FLEX_PRICE = 0.5


@dataclass(frozen=True)
class Pipeline:
    """Stores, queue and processor over the same clients."""

    images: ImageStore
    uploads: Uploads
    reports: Reports
    leases: Leases
    queue: JobQueue
    processor: ReportProcessor
    llm: AsyncOpenAI


def build_pipeline(
    settings: "WorkSettings",
    *,
    openai_api_key: str,
    narrate_timeout_s: float,
    timing: Timing = PRODUCTION,
    quota_per_day: int = 0,
    service_tier: str | None = None,
) -> Pipeline:
    """Make every client; it calls none of them, so it also works while they are down.

    Only a service that accepts reports needs `quota_per_day`. `service_tier` is OpenAI's: "flex" for jobs.
    """
    session = boto3.Session(region_name=settings.aws_region)
    stores = Config(
        connect_timeout=1,
        read_timeout=3,
        retries={"mode": "standard", "total_max_attempts": 2},
        max_pool_connections=CONNECTIONS,
    )
    # A slow model asked twice is slower still: the client decides, not the SDK.
    model = Config(
        connect_timeout=2,
        read_timeout=timing.model_s,
        retries={"total_max_attempts": 1},
        max_pool_connections=CONNECTIONS,
    )
    s3: S3Client = session.client("s3", config=stores.merge(PRESIGNING))
    dynamodb: DynamoDBClient = session.client("dynamodb", config=stores)
    sqs: SQSClient = session.client("sqs", config=stores)
    runtime: SageMakerRuntimeClient = session.client("sagemaker-runtime", config=model)
    llm = AsyncOpenAI(
        api_key=openai_api_key,
        base_url=str(settings.llm_base_url) if settings.llm_base_url else None,
        max_retries=1,
    )
    table = settings.reports_table
    reports, leases = Reports(dynamodb, table, quota_per_day), Leases(dynamodb, table, timing.lease_s)
    share = FLEX_PRICE if service_tier == "flex" else 1.0
    processor = ReportProcessor(
        reports=reports,
        leases=leases,
        endpoint=_endpoint(settings, runtime, s3),
        narrator=Narrator(
            llm, settings.llm_model, narrate_timeout_s, settings.llm_reasoning_effort, service_tier
        ),
        prices=Prices(
            settings.model_usd_per_hour,
            settings.llm_usd_per_mtok_input * share,
            settings.llm_usd_per_mtok_output * share,
        ),
        vision_cache=VisionCache(dynamodb, table) if settings.reuse_answers else None,
    )
    return Pipeline(
        images=ImageStore(s3, settings.image_bucket, settings.image_key_id),
        uploads=Uploads(s3, settings.image_bucket, settings.image_key_id),
        reports=reports,
        leases=leases,
        queue=JobQueue(sqs, settings.jobs_queue_url),
        processor=processor,
        llm=llm,
    )


def _endpoint(settings: "WorkSettings", runtime: "SageMakerRuntimeClient", s3: "S3Client") -> VisionEndpoint:
    if settings.exchange_bucket is None:
        return RealtimeVisionEndpoint(runtime, settings.model_endpoint)
    return AsyncVisionEndpoint(
        runtime,
        s3,
        endpoint=settings.model_endpoint,
        bucket=settings.exchange_bucket,
        kms_key_id=settings.exchange_key_id,
    )
