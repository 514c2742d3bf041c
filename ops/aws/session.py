"""The account, as boto3 finds its credentials; in the region that the settings name."""

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError

from cli.errors import UserError
from settings import naming
from settings.environment import Environment, load_environment

# Throttled calls are tried again, and no address is waited for as long as botocore would.
QUICK = Config(retries={"mode": "standard", "max_attempts": 5}, connect_timeout=5, read_timeout=20)


def environment(name: str) -> Environment:
    """Read the settings of an environment that belongs into an account.

    Raises SettingsError, or DeliveryError for one that belongs onto this machine.
    """
    settings = load_environment(name)
    if settings.target != "aws":
        raise UserError(
            f"The environment {settings.name} is deployed into this machine's emulator, not into an account.",
            hint="Use `make up` and `.venv/bin/python -m local doctor` for it.",
        )
    return settings


def session(settings: Environment) -> boto3.Session:
    """Return a session in the environment's region; raise DeliveryError when AWS_PROFILE names none."""
    try:
        return boto3.Session(region_name=settings.region)
    except BotoCoreError as error:
        raise UserError(f"{error}.", hint="Set AWS_PROFILE to a profile that there is.") from error


def parameter_name(settings: Environment, name: str) -> str:
    """Return the SSM parameter in which a stack publishes an output, as in artifact-bucket."""
    return naming.parameter_name(settings.name, name)
