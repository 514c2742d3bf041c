"""What `notify` is told by its environment."""

from typing import Annotated, Self

from pydantic import Field, HttpUrl, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Name = Annotated[str, Field(min_length=1)]
THIS_MACHINE = ("127.0.0.1", "localhost", "[::1]")


class NotifySettings(BaseSettings):
    """Read once; a wrong variable stops the function and is named. Without an address nobody is told."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, hide_input_in_errors=True)

    aws_region: Name
    reports_table: Name
    webhook_queue_url: Name
    webhook_dead_letters_url: Name
    webhook_url: HttpUrl | None = None
    webhook_secret_name: Name | None = None

    @field_validator("webhook_url")
    @classmethod
    def _is_encrypted(cls, url: HttpUrl | None) -> HttpUrl | None:
        if url is not None and url.scheme != "https" and url.host not in THIS_MACHINE:
            raise ValueError("reports travel there: an https address, or http on this machine")
        return url

    @model_validator(mode="after")
    def _can_sign(self) -> Self:
        if self.webhook_url is not None and self.webhook_secret_name is None:
            raise ValueError("WEBHOOK_SECRET_NAME is missing: what is sent to WEBHOOK_URL is signed")
        return self
