"""The variables that a service reads, made from the settings: one mapping for every place that runs it."""

from stacks.environment import Environment


def analyze_variables(
    environment: Environment, *, reports_table: str, image_bucket: str, image_key_id: str | None
) -> dict[str, str]:
    """Return the environment variables of `services/analyze`; a setting that is absent gives no variable.

    The arguments are the deployed names (tokens in a stack, plain text on one machine). The two secrets,
    OPENAI_API_KEY and SUPABASE_LEGACY_SECRET, are not settings: whoever runs the service adds them.
    """
    llm = environment.llm
    variables = {
        "AWS_REGION": environment.region,
        "REPORTS_TABLE": reports_table,
        "IMAGE_BUCKET": image_bucket,
        "IMAGE_KEY_ID": image_key_id,
        "MODEL_ENDPOINT": environment.model.endpoint_name,
        "MODEL_USD_PER_HOUR": str(environment.model.usd_per_hour),
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
    return {name: value for name, value in variables.items() if value is not None}
