"""What the functions that work on reports are told by their environment."""

from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

from services.core.pipeline.settings import Name, WorkSettings


class JobsSettings(WorkSettings):
    """Of `jobs`. OpenAI's key comes by value on one machine, and by its name in Secrets Manager in AWS."""

    jobs_dead_letters_url: Name
    openai_api_key: SecretStr | None = None
    openai_secret_name: Name | None = None
    llm_job_tier: Literal["flex"] | None = None
    fallback_llm_model: Name | None = None
    fallback_llm_usd_per_mtok_input: float = Field(default=0.0, ge=0)
    fallback_llm_usd_per_mtok_output: float = Field(default=0.0, ge=0)

    def openai_key(self) -> str:
        """Return the key; asks Secrets Manager where it is named, and raises what boto3 raises."""
        if self.openai_api_key is not None:
            return self.openai_api_key.get_secret_value().strip()
        import boto3

        secrets = boto3.client("secretsmanager", region_name=self.aws_region)
        return str(secrets.get_secret_value(SecretId=self.openai_secret_name or "")["SecretString"]).strip()


class SweepSettings(BaseSettings):
    """Of `sweep`."""

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True)

    aws_region: Name
    reports_table: Name
    jobs_queue_url: Name
