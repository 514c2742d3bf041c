"""The settings of every service that works on reports: environment variables, checked before any work."""

from typing import Literal, Self

from pydantic import Field, HttpUrl, model_validator

from services.core.settings import Name, ServiceSettings


class WorkSettings(ServiceSettings):
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
    llm_usd_per_mtok_output: float = Field(ge=0)

    @model_validator(mode="after")
    def _async_has_an_exchange(self) -> Self:
        if self.model_mode == "async" and self.exchange_bucket is None:
            raise ValueError("EXCHANGE_BUCKET is needed where MODEL_MODE is async")
        return self
