"""What the service is made of."""

from dataclasses import dataclass
from datetime import timedelta

from services.analyze.settings import Settings
from services.core.auth.tokens import TokenVerifier, supabase_issuer
from services.core.domain.timing import PRODUCTION, Timing
from services.core.pipeline.report_service import ReportService
from services.core.pipeline.submission import Submission
from services.core.pipeline.wiring import build_pipeline
from services.core.storage.uploads import Uploads


@dataclass(frozen=True)
class Dependencies:
    """The verifier of callers, the uploads, and the analysis with its stores and models."""

    verifier: TokenVerifier
    uploads: Uploads
    analysis: ReportService


def build_dependencies(settings: Settings, timing: Timing = PRODUCTION) -> Dependencies:
    """Make them all; nothing is called yet, so this works while what they lean on is down."""
    legacy = settings.supabase_legacy_secret
    issuer = supabase_issuer(str(settings.supabase_url), str(settings.supabase_issuer or ""))
    pipeline = build_pipeline(
        settings,
        openai_api_key=settings.openai_api_key.get_secret_value(),
        quota_per_day=settings.quota_per_day,
        narrate_timeout_s=timing.narrate_in_request_s,
        timing=timing,
    )
    return Dependencies(
        verifier=TokenVerifier(issuer=issuer, legacy_secret=legacy.get_secret_value() if legacy else None),
        uploads=pipeline.uploads,
        analysis=ReportService(
            submission=Submission(
                pipeline.images,
                pipeline.reports,
                settings.model_endpoint,
                retention=timedelta(days=settings.retention_days),
            ),
            processor=pipeline.processor,
            queue=pipeline.queue,
            budget_s=settings.time_budget_s,
            timing=timing,
        ),
    )
