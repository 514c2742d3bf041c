"""What the hooks' two functions are told by their environment."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Name = Annotated[str, Field(min_length=1)]


class _Settings(BaseSettings):
    """Read once at start; a wrong value stops the function and names the variable."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, hide_input_in_errors=True)

    aws_region: Name
    reports_table: Name


class AppSettings(_Settings):
    """For the function that answers webhooks."""

    hooks_queue_url: Name
    hooks_secret_name: Name


class WorkerSettings(_Settings):
    """For the function that accepts what was asked for."""

    image_bucket: Name
    image_key_id: str | None = None
    model_endpoint: Name
    jobs_queue_url: Name
    hooks_queue_url: Name
    hooks_dead_letters_url: Name
    quota_per_day: int = Field(ge=1)
    retention_days: int = Field(ge=1)
