"""The environment variables of every service, made from the settings: one function per process.

Arguments are deployed names: tokens in a stack, plain text on one machine. A value that is None gives no
variable. The variables hold no secrets: Lambda functions read secrets from Secrets Manager by name; a
container or a local process gets OPENAI_API_KEY and SUPABASE_LEGACY_SECRET from its own start-up.
"""

import json
from typing import NotRequired, TypedDict, Unpack

from settings.environment import Environment
from settings.model import Catalogue
from settings.schema import Hooks, Supabase, Webhook


class ReportResources(TypedDict):
    """What every service that works on reports reads or writes. The exchange holds async inference I/O."""

    reports_table: str
    image_bucket: str
    image_key_id: str | None
    jobs_queue_url: NotRequired[str | None]
    exchange_bucket: NotRequired[str | None]
    exchange_key_id: NotRequired[str | None]


class LogWriterResources(TypedDict):
    """What the writer of Edge logs reads and writes."""

    image_bucket: str
    logs_queue_url: str
    logs_dead_letters_url: str
    claims_table: str
    edge_log_group: str
    edge_log_stream: str


def log_variables(environment: Environment, version: str) -> dict[str, str]:
    """Return the variables that every service's log lines need; `version` is the start of its code's hash."""
    return {
        "ENVIRONMENT": environment.name,
        "VERSION": version,
        "USER_HASH_KEY": environment.user_hash_key,
    }


def posthog_variables(environment: Environment) -> dict[str, str]:
    """Return the variables of the services that send events to PostHog; none without such a project."""
    posthog = environment.posthog
    if posthog is None:
        return {}
    return {"POSTHOG_CAPTURE_URL": posthog.capture_url, "POSTHOG_PROJECT_KEY": posthog.project_key}


def analyze_variables(environment: Environment, **resources: Unpack[ReportResources]) -> dict[str, str]:
    """Return the variables of `services/analyze`. Only an async endpoint gets those of the exchange."""
    asynchronous = environment.model.mode == "async"
    llm = environment.llm
    return _present(
        {
            "AWS_REGION": environment.region,
            "REPORTS_TABLE": resources["reports_table"],
            "IMAGE_BUCKET": resources["image_bucket"],
            "IMAGE_KEY_ID": resources["image_key_id"],
            "JOBS_QUEUE_URL": resources.get("jobs_queue_url"),
            "MODEL_ENDPOINT": environment.model.endpoint_name,
            "MODEL_MODE": environment.model.mode,
            "MODEL_USD_PER_HOUR": str(environment.model.usd_per_hour),
            **_catalogue(environment.catalogue),
            "EXCHANGE_BUCKET": resources.get("exchange_bucket") if asynchronous else None,
            "EXCHANGE_KEY_ID": resources.get("exchange_key_id") if asynchronous else None,
            "REUSE_ANSWERS": str(environment.reuse_answers).lower(),
            **_supabase(environment.supabase),
            "LLM_MODEL": llm.model,
            "LLM_BASE_URL": llm.base_url,
            "LLM_REASONING_EFFORT": llm.reasoning_effort,
            "LLM_USD_PER_MTOK_INPUT": str(llm.usd_per_mtok_input),
            "LLM_USD_PER_MTOK_CACHED_INPUT": str(llm.usd_per_mtok_cached_input),
            "LLM_USD_PER_MTOK_OUTPUT": str(llm.usd_per_mtok_output),
            "WORKERS": str(environment.service.workers),
            "TIME_BUDGET_S": str(environment.time_budget_s),
            "QUOTA_PER_DAY": str(environment.quota_per_day),
            "RETENTION_DAYS": str(environment.retention_days),
            "LISTING_LANGUAGES": json.dumps(environment.listing.languages) if environment.listing else None,
            "REPORT_WEBHOOK": str(environment.webhook is not None).lower(),
        }
    )


def jobs_variables(
    environment: Environment,
    *,
    jobs_dead_letters_url: str,
    webhook_queue_url: str | None = None,
    **resources: Unpack[ReportResources],
) -> dict[str, str]:
    """Return the variables of `services/results/jobs`, which finishes and erases reports."""
    llm, fallback = environment.llm, environment.fallback_llm
    return _for_lambda(environment, resources) | _present(
        {
            "FALLBACK_LLM_MODEL": fallback.model if fallback else None,
            "FALLBACK_LLM_USD_PER_MTOK_INPUT": str(fallback.usd_per_mtok_input) if fallback else None,
            "FALLBACK_LLM_USD_PER_MTOK_OUTPUT": str(fallback.usd_per_mtok_output) if fallback else None,
            "JOBS_DEAD_LETTERS_URL": jobs_dead_letters_url,
            "LLM_JOB_TIER": llm.job_tier,
            "OPENAI_SECRET_NAME": llm.secret_name,
            "WEBHOOK_QUEUE_URL": webhook_queue_url,
        }
    )


def sweep_variables(*, reports_table: str, jobs_queue_url: str) -> dict[str, str]:
    """Return the variables of `services/results/sweep`, which queues reports that stopped advancing."""
    return {"REPORTS_TABLE": reports_table, "JOBS_QUEUE_URL": jobs_queue_url}


def outbox_variables(*, webhook_queue_url: str) -> dict[str, str]:
    """Return the variables of `services/results/outbox`, which queues an event for each report that ends."""
    return {"WEBHOOK_QUEUE_URL": webhook_queue_url}


def notify_variables(
    webhook: Webhook, *, reports_table: str, webhook_queue_url: str, webhook_dead_letters_url: str
) -> dict[str, str]:
    """Return the variables of `services/results/notify`, which sends the webhook."""
    return {
        "REPORTS_TABLE": reports_table,
        "WEBHOOK_QUEUE_URL": webhook_queue_url,
        "WEBHOOK_DEAD_LETTERS_URL": webhook_dead_letters_url,
        "WEBHOOK_URL": webhook.url,
        "WEBHOOK_SECRET_NAME": webhook.secret_name,
    }


def hooks_app_variables(hooks: Hooks, *, hooks_queue_url: str) -> dict[str, str]:
    """Return the variables of `services/hooks/app`, which receives the database's webhooks."""
    return {"HOOKS_QUEUE_URL": hooks_queue_url, "HOOKS_SECRET_NAME": hooks.secret_name}


def hooks_worker_variables(
    environment: Environment,
    *,
    hooks_queue_url: str,
    hooks_dead_letters_url: str,
    **resources: Unpack[ReportResources],
) -> dict[str, str]:
    """Return the variables of `services/hooks/worker`, which accepts the requested analyses."""
    return _for_lambda(environment, resources) | {
        "HOOKS_QUEUE_URL": hooks_queue_url,
        "HOOKS_DEAD_LETTERS_URL": hooks_dead_letters_url,
    }


def log_receiver_variables(
    secret_name: str, *, image_bucket: str, image_key_id: str, logs_queue_url: str
) -> dict[str, str]:
    """Return the variables of `services/logs/receiver`, which takes Edge logs."""
    return {
        "IMAGE_BUCKET": image_bucket,
        "IMAGE_KEY_ID": image_key_id,
        "LOGS_QUEUE_URL": logs_queue_url,
        "LOGS_SECRET_NAME": secret_name,
    }


def log_writer_variables(environment: Environment, **resources: Unpack[LogWriterResources]) -> dict[str, str]:
    """Return the variables of `services/logs/writer`, which writes Edge logs to CloudWatch Logs."""
    named = {name.upper(): str(value) for name, value in resources.items()}
    return {**named, "LOG_RETENTION_DAYS": str(environment.log_retention_days)}


def authorizer_variables(supabase: Supabase) -> dict[str, str]:
    """Return the variables of `services/authorizer`."""
    return _present({**_supabase(supabase), "SUPABASE_LEGACY_SECRET_NAME": supabase.legacy_secret_name})


def _catalogue(catalogue: Catalogue) -> dict[str, str | None]:
    return {
        "CATALOGUE": catalogue.goods,
        "DEPARTMENTS": ",".join(catalogue.departments) if catalogue.departments else None,
        "WEAR_TILES": str(catalogue.wear_tiles),
        "LARGE_PHOTOS": str(catalogue.large_photos).lower(),
    }


def _supabase(supabase: Supabase) -> dict[str, str | None]:
    return {
        "SUPABASE_URL": supabase.url,
        "SUPABASE_ISSUER": supabase.issuer,
        "SUPABASE_ROLES": json.dumps(supabase.roles),
        "SUPABASE_ALLOW_ANONYMOUS": str(supabase.allow_anonymous).lower(),
    }


def _for_lambda(environment: Environment, resources: ReportResources) -> dict[str, str]:
    # Lambda sets AWS_REGION itself; a function serves no callers and so checks no tokens.
    omitted = {"AWS_REGION", "WORKERS", *_supabase(environment.supabase)}
    variables = analyze_variables(environment, **resources)
    return {name: value for name, value in variables.items() if name not in omitted}


def _present(variables: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if value is not None}
