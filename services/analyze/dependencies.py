"""What the routes work with: the settings, the parts that are made once at start, and the caller."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated

from anyio import to_thread
from fastapi import Depends
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import Field, SecretStr, field_validator
from starlette.requests import Request

from services.core.auth.bearer import bearer_token
from services.core.auth.tokens import TokenVerifier
from services.core.auth.users import SupabaseSettings
from services.core.domain.languages import LANGUAGES
from services.core.domain.timing import PRODUCTION, Timing
from services.core.narrative.lexicon import lexicon
from services.core.pipeline.report_service import ReportService
from services.core.pipeline.submission import Submission, SubmissionSettings
from services.core.pipeline.wiring import PipelineSettings, build_pipeline
from services.core.secrets import Secret
from services.core.storage.image_store import Uploads
from services.core.telemetry import add_context, user_hash


class AnalyzeSettings(PipelineSettings, SubmissionSettings, SupabaseSettings):
    """The settings of report processing, of its requests, of the callers, and of the API."""

    openai_api_key: SecretStr
    workers: int = Field(default=1, ge=1, le=4)
    time_budget_s: float = Field(ge=10, le=25)
    report_webhook: bool = False

    @field_validator("openai_api_key")
    @classmethod
    def _fits_in_a_header(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value().strip()
        if not key or not key.isascii() or not key.isprintable():
            raise ValueError("a key of printable ASCII characters; was something else pasted with it?")
        return SecretStr(key)


@dataclass(frozen=True)
class Dependencies:
    """The verifier of access tokens, the uploads, and the report service with its stores and models."""

    verifier: TokenVerifier
    uploads: Uploads
    service: ReportService
    # Whether a database is told of the reports.
    mirrored: bool = False


def build_dependencies(settings: AnalyzeSettings, timing: Timing = PRODUCTION) -> Dependencies:
    """Make them with their clients; none of them is called yet, so this works while AWS does not answer."""
    legacy = settings.supabase_legacy_secret
    pipeline = build_pipeline(
        settings,
        openai_api_key=Secret.fixed(settings.openai_api_key.get_secret_value()),
        quota_per_day=settings.quota_per_day,
        narrate_timeout_s=timing.narrate_in_request_s,
        timing=timing,
    )
    for language in LANGUAGES:
        # Each takes 0.3 s, for which the first report would stop the event loop.
        lexicon(pipeline.processor.catalogue, language)
    return Dependencies(
        verifier=TokenVerifier(
            settings.issuer, legacy.get_secret_value() if legacy else None, settings.allowed_users
        ),
        uploads=pipeline.uploads,
        service=ReportService(
            submission=Submission(
                pipeline.images,
                pipeline.reports,
                settings.model_endpoint,
                retention=timedelta(days=settings.retention_days),
                also_in=settings.listing_languages,
            ),
            processor=pipeline.processor,
            queue=pipeline.queue,
            budget_s=settings.time_budget_s,
            timing=timing,
        ),
        mirrored=settings.report_webhook,
    )


def dependencies_of(request: Request) -> Dependencies:
    """Return what was made at start."""
    made: Dependencies = request.app.state.dependencies
    return made


def _service(request: Request) -> ReportService:
    return dependencies_of(request).service


# Declares the scheme in the OpenAPI document; the header is read as the gateway reads it, with a reason each.
_bearer = HTTPBearer(auto_error=False, bearerFormat="JWT", description="A Supabase access token")


async def _subject(
    request: Request, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> str:
    token = bearer_token(",".join(request.headers.getlist("authorization")))
    # In a thread: for an unknown key id the verifier fetches the issuer's keys.
    subject = await to_thread.run_sync(dependencies_of(request).verifier.verify, token)
    add_context(user=user_hash(subject))
    return subject


# The caller's user id. The gateway has checked the token; the service checks it again.
Caller = Annotated[str, Depends(_subject)]
TheDependencies = Annotated[Dependencies, Depends(dependencies_of)]
TheService = Annotated[ReportService, Depends(_service)]
