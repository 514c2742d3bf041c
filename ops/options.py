"""What the commands have in common: --env, its environment, types of paths, and how errors are explained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.console import Console

from cli.errors import UserError, explain_aws

if TYPE_CHECKING:
    import boto3

    from settings.environment import Environment

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
env_option = click.option(
    "--env", "named", required=True, metavar="NAME", help="An environment, or the path of a .toml file."
)

any_commit_option = click.option(
    "--any-commit", is_flag=True, help="Go on where this checkout lacks a commit that is deployed."
)


def make_console() -> Console:
    """Return a console that prints text as it is."""
    return Console(highlight=False, markup=False, soft_wrap=True)


def opened(named: str) -> tuple[Environment, boto3.Session]:
    """Return an environment of AWS, and a session in its account and region."""
    from ops.aws.account import environment, session

    settings = environment(named)
    return settings, session(settings)


def explain(error: Exception) -> UserError | None:
    """Return what an error of settings, packages or AWS means to the user; None for any other exception."""
    from settings.errors import SettingsError

    if isinstance(error, SettingsError):
        return UserError(str(error))
    if isinstance(error, ModuleNotFoundError):
        return UserError(f"The package {error.name} is not installed.", hint="Run `make setup-test`.")
    return explain_aws(error)
