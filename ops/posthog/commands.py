"""`python -m ops posthog`: the dashboard, insights and alerts of an environment in PostHog."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cli.errors import UserError
from ops.options import env_option, make_console

if TYPE_CHECKING:
    from ops.posthog.changes import Plan
    from ops.posthog.client import Client
    from ops.posthog.found import Found
    from ops.posthog.wanted import Wanted
    from settings.environment import Environment
    from settings.schema import PostHog

_json = click.option("--json", "as_data", is_flag=True, help="Print one JSON object.")


@click.group()
def posthog() -> None:
    """Dashboard, insights and alerts of an environment in PostHog.

    Their names begin with “Vitrine NAME ·”; nothing else in the project is touched. The key is that of
    POSTHOG_PERSONAL_API_KEY. AWS is not asked. The environment needs a section [posthog].
    """


@posthog.command()
@env_option
@_json
def plan(named: str, as_data: bool) -> None:
    """Show what apply would change. Nothing is changed."""
    from ops.posthog.apply import check_room
    from ops.posthog.client import connected

    settings, section = _settings(named)
    with connected(section) as client:
        wanted, found, plan = _compared(settings, client)
        _print(plan, found, section, as_data=as_data)
        check_room(plan, found, wanted, client.user().most_alerts(section.project_id))


@posthog.command()
@env_option
@_json
@click.option("--yes", is_flag=True, help="Do not ask before objects are deleted.")
def apply(named: str, as_data: bool, yes: bool) -> None:
    """Create and change what the settings ask for, and delete what they no longer ask for.

    Deletions are asked for at the terminal. One that was interrupted, or that failed, can be run again: it
    continues where it stopped.
    """
    from ops.posthog import apply as changing
    from ops.posthog.client import connected

    settings, section = _settings(named)
    with connected(section) as client:
        wanted, found, plan = _compared(settings, client)
        if not as_data:
            _print(plan, found, section, as_data=False)
        owner = client.user()
        changing.check_room(plan, found, wanted, owner.most_alerts(section.project_id))
        if plan.of("delete") and not yes:
            _confirm(plan, as_data=as_data)
        if plan.changes:
            changing.apply(client, plan, found, wanted, owner)
    if as_data:
        _print(plan, found, section, as_data=True, applied=True)
    elif plan.changes:
        click.echo(f"✓ PostHog has what the settings of {settings.name} ask for")


def _settings(named: str) -> tuple[Environment, PostHog]:
    from settings.environment import load_environment

    settings = load_environment(named)
    if settings.posthog is None:
        raise UserError(
            f"The environment {settings.name} has no section [posthog].",
            hint=f"Fill it in in environments/{settings.name}.toml: the project's key and number.",
        )
    return settings, settings.posthog


def _compared(settings: Environment, client: Client) -> tuple[Wanted, Found, Plan]:
    from ops.posthog.apply import read
    from ops.posthog.changes import planned
    from ops.posthog.wanted import wanted

    asked = wanted(settings)
    found = read(client, asked.prefix)
    return asked, found, planned(asked, found)


def _print(plan: Plan, found: Found, section: PostHog, *, as_data: bool, applied: bool = False) -> None:
    from ops.posthog.show import as_json, show

    if as_data:
        click.echo(as_json(plan, found, section, applied=applied))
    else:
        show(plan, found, section, make_console())


def _confirm(plan: Plan, *, as_data: bool) -> None:
    from cli.entry import ask

    count = len(plan.of("delete"))
    if as_data or not sys.stdin.isatty():
        raise UserError(
            f"Nothing was changed: there are {count} to delete, and no terminal to ask at.",
            hint="Look at plan; then pass --yes (make: YES=1).",
        )
    if ask(f"Type yes to delete {count} in PostHog: ") != "yes":
        raise UserError("Nothing was changed.")
