"""The service's settings: environment variables, checked before the first request."""

from pydantic import Field, HttpUrl, SecretStr, field_validator

from services.core.pipeline.settings import WorkSettings


class Settings(WorkSettings):
    """The settings of report processing, and those of the API."""

    supabase_url: HttpUrl
    supabase_issuer: HttpUrl | None = None
    supabase_legacy_secret: SecretStr | None = None
    openai_api_key: SecretStr
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
