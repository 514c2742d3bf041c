"""The settings of the functions that finish reports and deliver webhooks."""

from typing import Literal, Self

from pydantic import Field, HttpUrl, SecretStr, field_validator, model_validator

from services.core.pipeline.settings import WorkSettings
from services.core.settings import Name, ServiceSettings

LOOPBACK = ("127.0.0.1", "localhost", "[::1]")


class JobsSettings(WorkSettings):
    """For `jobs`. OpenAI's key is given by value on one machine, by its name in Secrets Manager in AWS."""

    jobs_dead_letters_url: Name
    openai_api_key: SecretStr | None = None
    openai_secret_name: Name | None = None
    llm_job_tier: Literal["flex"] | None = None
    fallback_llm_model: Name | None = None
    fallback_llm_usd_per_mtok_input: float = Field(default=0.0, ge=0)
    fallback_llm_usd_per_mtok_output: float = Field(default=0.0, ge=0)


class SweepSettings(ServiceSettings):
    """For `sweep`."""

    aws_region: Name
    reports_table: Name
    jobs_queue_url: Name


class OutboxSettings(ServiceSettings):
    """For `outbox`."""

    aws_region: Name
    webhook_queue_url: Name


class NotifySettings(ServiceSettings):
    """For `notify`. Without a URL, events are dropped."""

    aws_region: Name
    reports_table: Name
    webhook_queue_url: Name
    webhook_dead_letters_url: Name
    webhook_url: HttpUrl | None = None
    webhook_secret_name: Name | None = None

    @field_validator("webhook_url")
    @classmethod
    def _is_encrypted(cls, url: HttpUrl | None) -> HttpUrl | None:
        if url is not None and url.scheme != "https" and url.host not in LOOPBACK:
            raise ValueError("an https address, or http on this machine: events hold reports")
        return url

    @model_validator(mode="after")
    def _can_sign(self) -> Self:
        if self.webhook_url is not None and self.webhook_secret_name is None:
            raise ValueError("WEBHOOK_SECRET_NAME is missing: events to WEBHOOK_URL are signed")
        return self
