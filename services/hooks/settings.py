"""The settings of the hooks' two functions."""

from pydantic import Field

from services.core.settings import Name, ServiceSettings


class AppSettings(ServiceSettings):
    """For `app`, which answers webhooks."""

    aws_region: Name
    hooks_queue_url: Name
    hooks_secret_name: Name


class WorkerSettings(ServiceSettings):
    """For `worker`, which submits the analyses."""

    aws_region: Name
    reports_table: Name
    image_bucket: Name
    image_key_id: str | None = None
    model_endpoint: Name
    jobs_queue_url: Name
    hooks_queue_url: Name
    hooks_dead_letters_url: Name
    quota_per_day: int = Field(ge=1)
    retention_days: int = Field(ge=1)
