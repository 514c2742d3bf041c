"""The variables that a service reads, made from the settings: one mapping for every place that runs it.

The arguments are the deployed names (tokens in a stack, plain text on one machine); what is absent gives no
variable. Secrets are no settings: the functions read them by their names, and whoever runs the service on
Fargate or on one machine adds OPENAI_API_KEY and SUPABASE_LEGACY_SECRET.
"""

from settings.environment import Environment


def analyze_variables(
    environment: Environment,
    *,
    reports_table: str,
    image_bucket: str,
    image_key_id: str | None,
    jobs_queue_url: str | None = None,
    exchange_bucket: str | None = None,
    exchange_key_id: str | None = None,
) -> dict[str, str]:
    """Return the environment variables of `services/analyze`.

    The exchange is told only where the endpoint is an async one.
    """
    asynchronous = environment.model.mode == "async"
    llm = environment.llm
    return _present(
        {
            "AWS_REGION": environment.region,
            "REPORTS_TABLE": reports_table,
            "IMAGE_BUCKET": image_bucket,
            "IMAGE_KEY_ID": image_key_id,
            "JOBS_QUEUE_URL": jobs_queue_url,
            "MODEL_ENDPOINT": environment.model.endpoint_name,
            "MODEL_MODE": environment.model.mode,
            "MODEL_USD_PER_HOUR": str(environment.model.usd_per_hour),
            "EXCHANGE_BUCKET": exchange_bucket if asynchronous else None,
            "EXCHANGE_KEY_ID": exchange_key_id if asynchronous else None,
            "REUSE_ANSWERS": str(environment.reuse_answers).lower(),
            "SUPABASE_URL": environment.supabase.url,
            "SUPABASE_ISSUER": environment.supabase.issuer,
            "LLM_MODEL": llm.model,
            "LLM_BASE_URL": llm.base_url,
            "LLM_REASONING_EFFORT": llm.reasoning_effort,
            "LLM_USD_PER_MTOK_INPUT": str(llm.usd_per_mtok_input),
            "LLM_USD_PER_MTOK_OUTPUT": str(llm.usd_per_mtok_output),
            "TIME_BUDGET_S": str(environment.time_budget_s),
            "QUOTA_PER_DAY": str(environment.quota_per_day),
            "RETENTION_DAYS": str(environment.retention_days),
        }
    )


def jobs_variables(
    environment: Environment, analyze: dict[str, str], *, dead_letters_url: str
) -> dict[str, str]:
    """Return those of the function that finishes reports, from those of `services/analyze`."""
    fallback_llm = environment.fallback_llm
    return _for_lambda(analyze) | _present(
        {
            "BRIDGE_LLM": fallback_llm.llm if fallback_llm else None,
            "BRIDGE_USD_PER_MTOK_INPUT": str(fallback_llm.usd_per_mtok_input) if fallback_llm else None,
            "BRIDGE_USD_PER_MTOK_OUTPUT": str(fallback_llm.usd_per_mtok_output) if fallback_llm else None,
            "JOBS_DEAD_LETTERS_URL": dead_letters_url,
            "OPENAI_SECRET_NAME": environment.llm.secret_name,
            "LLM_SERVICE_TIER_FOR_JOBS": environment.llm.job_tier,
        }
    )


def worker_variables(
    analyze: dict[str, str], *, hooks_queue_url: str, hooks_dead_letters_url: str
) -> dict[str, str]:
    """Return those of the function that accepts what the database asks for."""
    return _for_lambda(analyze) | {
        "HOOKS_QUEUE_URL": hooks_queue_url,
        "HOOKS_DEAD_LETTERS_URL": hooks_dead_letters_url,
    }


def _for_lambda(analyze: dict[str, str]) -> dict[str, str]:
    # AWS_REGION is Lambda's own to set; the rest concerns the callers, whom a function never sees.
    elsewhere = {"AWS_REGION", "SUPABASE_URL", "SUPABASE_ISSUER"}
    return {name: value for name, value in analyze.items() if name not in elsewhere}


def _present(variables: dict[str, str | None]) -> dict[str, str]:
    return {name: value for name, value in variables.items() if value is not None}
