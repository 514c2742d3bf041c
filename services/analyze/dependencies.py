"""What the service is made of."""

from dataclasses import dataclass
from datetime import timedelta

from services.analyze.settings import Settings
from services.core.auth.tokens import TokenVerifier, supabase_issuer
from services.core.pipeline.report_service import ReportService
from services.core.pipeline.submission import Submission
from services.core.pipeline.wiring import build
from services.core.storage.uploads import Uploads

NARRATE_WITHIN_S = 6.0


@dataclass(frozen=True)
class Dependencies:
    """The verifier of callers, the uploads, and the analysis with its stores and models."""

    verifier: TokenVerifier
    uploads: Uploads
    analysis: ReportService


def build_dependencies(settings: Settings) -> Dependencies:
    """Make them all; nothing is called yet, so this works while what they lean on is down."""
    legacy = settings.supabase_legacy_secret
    issuer = supabase_issuer(str(settings.supabase_url), str(settings.supabase_issuer or ""))
    built = build(
        settings,
        openai_api_key=settings.openai_api_key.get_secret_value(),
        quota_per_day=settings.quota_per_day,
        narrate_within_s=NARRATE_WITHIN_S,
    )
    return Dependencies(
        verifier=TokenVerifier(issuer=issuer, legacy_secret=legacy.get_secret_value() if legacy else None),
        uploads=built.uploads,
        analysis=ReportService(
            acceptance=Submission(
                built.pictures,
                built.reports,
                settings.model_endpoint,
                retention=timedelta(days=settings.retention_days),
            ),
            work=built.work,
            queue=built.queue,
            budget_s=settings.time_budget_s,
        ),
    )
