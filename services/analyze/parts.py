"""What the service is made of: one client of each kind for the whole process."""

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from openai import AsyncOpenAI

from services.analyze.settings import Settings
from services.core.analysis import Analysis, Prices
from services.core.identity import TokenVerifier, supabase_issuer
from services.core.model import VisionModel
from services.core.narrate import Narrator
from services.core.pictures import Pictures
from services.core.reports import Reports

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

# Of the request's time budget; the model has what is left.
NARRATE_BUDGET_S = 6.0
# As many calls as worker threads can make; boto's default of 10 would queue them.
CONNECTIONS = 40


@dataclass(frozen=True)
class Parts:
    """The verifier of callers, and the analysis with its stores and models."""

    verifier: TokenVerifier
    analysis: Analysis


def build_parts(settings: Settings) -> Parts:
    """Make every client; none is called yet, so this works while they are down."""
    session = boto3.Session(region_name=settings.aws_region)
    stores = Config(
        connect_timeout=1,
        read_timeout=3,
        retries={"mode": "standard", "total_max_attempts": 2},
        max_pool_connections=CONNECTIONS,
    )
    model_budget_s = settings.time_budget_s - NARRATE_BUDGET_S
    # A slow model asked twice is slower still: the client decides, not the SDK.
    model = Config(
        connect_timeout=2,
        read_timeout=model_budget_s,
        retries={"total_max_attempts": 1},
        max_pool_connections=CONNECTIONS,
    )
    s3: S3Client = session.client("s3", config=stores)
    dynamodb: DynamoDBClient = session.client("dynamodb", config=stores)
    runtime: SageMakerRuntimeClient = session.client("sagemaker-runtime", config=model)
    llm = AsyncOpenAI(
        api_key=settings.openai_api_key.get_secret_value(),
        base_url=str(settings.llm_base_url) if settings.llm_base_url else None,
        max_retries=1,
    )
    issuer = supabase_issuer(str(settings.supabase_url), str(settings.supabase_issuer or ""))
    legacy = settings.supabase_legacy_secret
    return Parts(
        verifier=TokenVerifier(
            issuer=issuer,
            legacy_secret=legacy.get_secret_value() if legacy else None,
        ),
        analysis=Analysis(
            pictures=Pictures(s3, settings.image_bucket, settings.image_key_id),
            reports=Reports(dynamodb, settings.reports_table, settings.quota_per_day),
            model=VisionModel(runtime, settings.model_endpoint),
            narrator=Narrator(llm, settings.llm_model, NARRATE_BUDGET_S, settings.llm_reasoning_effort),
            prices=Prices(
                settings.model_usd_per_hour, settings.llm_usd_per_mtok_input, settings.llm_usd_per_mtok_output
            ),
            retention=timedelta(days=settings.retention_days),
            model_budget_s=model_budget_s,
        ),
    )
