"""The service's settings: environment variables, checked before the first request."""

from typing import Annotated, Literal

from pydantic import Field, HttpUrl, SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Name = Annotated[str, Field(min_length=1)]


class Settings(BaseSettings):
    """One field per variable, of the same name in capitals; an empty variable counts as absent."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    aws_region: Name
    reports_table: Name
    image_bucket: Name
    image_key_id: str | None = None
    model_endpoint: Name
    model_usd_per_hour: float = Field(ge=0)
    supabase_url: HttpUrl
    supabase_issuer: HttpUrl | None = None
    supabase_legacy_secret: SecretStr | None = None
    openai_api_key: SecretStr
    llm_model: Name
    llm_base_url: HttpUrl | None = None
    llm_reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = None
    llm_usd_per_mtok_input: float = Field(ge=0)
    llm_usd_per_mtok_output: float = Field(ge=0)
    time_budget_s: float = Field(ge=10, le=25)
    quota_per_day: int = Field(ge=1)
    retention_days: int = Field(ge=1)

    @field_validator("openai_api_key")
    @classmethod
    def _fits_in_a_header(cls, value: SecretStr) -> SecretStr:
        key = value.get_secret_value().strip()
        if not key or not key.isascii() or not key.isprintable():
            raise ValueError("a key of printable ASCII characters; was something else pasted with it?")
        return SecretStr(key)
