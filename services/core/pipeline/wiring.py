"""What each service that works on reports is made of: settings, clients, stores, queue and processor.

A process has one client of each kind.
"""

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Literal, Self

from openai import AsyncOpenAI
from pydantic import Field, HttpUrl, ValidationInfo, field_validator, model_validator

from catalogue import GOODS, Catalogue, load
from services.core.analytics.events import Deployment
from services.core.analytics.report_analytics import ReportAnalytics
from services.core.analytics.sender import AnalyticsSettings, Sender
from services.core.aws import STORES, AwsClients
from services.core.domain.timing import PRODUCTION, Timing
from services.core.llm import openai_client
from services.core.messaging.job_queue import JobQueue
from services.core.narrative.narrator import Narrator
from services.core.pipeline.ended import Prices
from services.core.pipeline.erasure import Erasure
from services.core.pipeline.report_processor import ReportProcessor
from services.core.secrets import Name, Secret, ServiceSettings
from services.core.storage.image_store import ImageStore, Uploads
from services.core.storage.leases import Leases
from services.core.storage.reports import Reports
from services.core.storage.vision_cache import VisionCache
from services.core.usage import TokenPrices
from services.core.vision.async_endpoint import AsyncVisionEndpoint
from services.core.vision.endpoint import RealtimeVisionEndpoint, VisionEndpoint

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

# Flex-tier tokens cost half the standard price.
FLEX_PRICE = 0.5


class CatalogueSettings(ServiceSettings):
    """Which goods the model is asked about, and whether it looks at the quarters of each photo too.

    `departments` are ids, separated by commas; none: all. `large_photos` says that the model gets photos as
    they are stored.
    """

    catalogue: Literal["drawn", "photo", "second_hand"]
    departments: str = ""
    wear_tiles: Literal[0, 4] = 0
    large_photos: bool = False

    @field_validator("wear_tiles", mode="before")
    @classmethod
    def _number(cls, value: object) -> object:
        return int(value) if isinstance(value, str) and value.isdecimal() else value

    @field_validator("departments")
    @classmethod
    def _known(cls, value: str, info: ValidationInfo) -> str:
        if "catalogue" in info.data:
            _selected(info.data["catalogue"], value)
        return value

    def selected(self) -> Catalogue:
        """The catalogue of the departments."""
        return _selected(self.catalogue, self.departments)


@cache
def _selected(goods: str, departments: str) -> Catalogue:
    whole = load(GOODS[goods])
    ids = [id_.strip() for id_ in departments.split(",") if id_.strip()]
    return whole.select(ids) if ids else whole


class PipelineSettings(CatalogueSettings, AnalyticsSettings):
    """One field per variable, of the same name in capitals; an empty variable counts as absent."""

    aws_region: Name
    reports_table: Name
    image_bucket: Name
    image_key_id: str | None = None
    jobs_queue_url: Name
    reuse_answers: bool = False
    model_endpoint: Name
    model_mode: Literal["realtime", "async"] = "realtime"
    model_usd_per_hour: float = Field(ge=0)
    exchange_bucket: str | None = None
    exchange_key_id: str | None = None
    llm_model: Name
    llm_base_url: HttpUrl | None = None
    llm_reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = None
    llm_usd_per_mtok_input: float = Field(ge=0)
    llm_usd_per_mtok_cached_input: float = Field(ge=0)
    llm_usd_per_mtok_output: float = Field(ge=0)

    @model_validator(mode="after")
    def _async_has_an_exchange(self) -> Self:
        if self.model_mode == "async" and self.exchange_bucket is None:
            raise ValueError("EXCHANGE_BUCKET is needed where MODEL_MODE is async")
        return self


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
    clean_up_s: int = PRODUCTION.clean_up_s

    @property
    def erasure(self) -> Erasure:
        """Erases reports from the same stores."""
        return Erasure(self.reports, self.images, self.processor.endpoint, self.queue, self.clean_up_s)


def build_pipeline(
    settings: PipelineSettings,
    *,
    openai_api_key: Secret[str],
    narrate_timeout_s: float,
    timing: Timing = PRODUCTION,
    quota_per_day: int = 0,
    service_tier: str | None = None,
) -> Pipeline:
    """Make every client; it calls none of them, so it also works while they are down.

    Only a service that accepts reports needs `quota_per_day`. `service_tier` is OpenAI's: "flex" for jobs.
    """
    clients = AwsClients(settings.aws_region, STORES)
    s3, dynamodb = clients.s3(), clients.dynamodb()
    runtime = clients.sagemaker_runtime(timing.model_s)
    llm = openai_client(openai_api_key, str(settings.llm_base_url) if settings.llm_base_url else None)
    catalogue, table = settings.selected(), settings.reports_table
    reports, leases = Reports(dynamodb, table, quota_per_day), Leases(dynamodb, table, timing.lease_s)
    share = FLEX_PRICE if service_tier == "flex" else 1.0
    processor = ReportProcessor(
        reports=reports,
        leases=leases,
        endpoint=_endpoint(settings, catalogue, runtime, s3),
        narrator=Narrator(
            llm,
            settings.llm_model,
            narrate_timeout_s,
            settings.llm_reasoning_effort,
            service_tier,
        ),
        prices=Prices(
            settings.model_usd_per_hour,
            TokenPrices(
                settings.llm_usd_per_mtok_input * share,
                settings.llm_usd_per_mtok_cached_input * share,
                settings.llm_usd_per_mtok_output * share,
            ),
        ),
        catalogue=catalogue,
        vision_cache=(
            VisionCache(dynamodb, table, catalogue, settings.wear_tiles) if settings.reuse_answers else None
        ),
        analytics=_analytics(settings),
        large_photos=settings.large_photos,
    )
    return Pipeline(
        images=ImageStore(s3, settings.image_bucket, settings.image_key_id),
        uploads=Uploads(s3, settings.image_bucket, settings.image_key_id),
        reports=reports,
        leases=leases,
        queue=JobQueue(clients.sqs(), settings.jobs_queue_url),
        processor=processor,
        llm=llm,
        clean_up_s=timing.clean_up_s,
    )


def _analytics(settings: PipelineSettings) -> ReportAnalytics:
    # Another server than OpenAI's speaks its protocol; whose it is, the settings do not say.
    provider = "openai" if settings.llm_base_url is None else "other"
    deployment = Deployment(settings.environment, settings.version, settings.model_mode, provider)
    return ReportAnalytics(Sender.build(settings), deployment)


def _endpoint(
    settings: PipelineSettings, catalogue: Catalogue, runtime: "SageMakerRuntimeClient", s3: "S3Client"
) -> VisionEndpoint:
    if settings.exchange_bucket is None:
        return RealtimeVisionEndpoint(runtime, settings.model_endpoint, catalogue, settings.wear_tiles)
    return AsyncVisionEndpoint(
        runtime,
        s3,
        endpoint=settings.model_endpoint,
        bucket=settings.exchange_bucket,
        kms_key_id=settings.exchange_key_id,
        catalogue=catalogue,
        wear_tiles=settings.wear_tiles,
    )
