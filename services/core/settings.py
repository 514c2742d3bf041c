"""What the settings of all services have in common."""

from typing import Annotated

from pydantic import Field
from pydantic_settings import BaseSettings, SettingsConfigDict

Name = Annotated[str, Field(min_length=1)]


class ServiceSettings(BaseSettings):
    """Environment variables, one for each field, read once at start.

    An empty variable counts as absent. Raises ValidationError, which names the wrong ones, never a value.
    """

    model_config = SettingsConfigDict(frozen=True, env_ignore_empty=True, hide_input_in_errors=True)
