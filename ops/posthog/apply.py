"""Reads a project, and makes the changes of a plan in it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cli.errors import UserError
from ops.posthog.changes import Plan, planned
from ops.posthog.found import Found
from ops.posthog.refusals import RefusedError

if TYPE_CHECKING:
    from ops.posthog.changes import Change
    from ops.posthog.client import Client
    from ops.posthog.found import User
    from ops.posthog.wanted import Wanted


def read(client: Client, prefix: str) -> Found:
    """Return all objects of the project."""
    return Found(prefix, client.dashboards(), client.insights(), client.alerts())


def check_room(plan: Plan, found: Found, wanted: Wanted, most: int | None) -> None:
    """Raise UserError where the alerts to create exceed the `most` that the organization's plan allows."""
    others = len(found.alerts_of_others)
    if most is not None and plan.of("create", "alert") and others + len(wanted.alerts) > most:
        raise _no_room(found, wanted, str(most))


def apply(client: Client, plan: Plan, found: Found, wanted: Wanted, owner: User) -> None:
    """Make the changes, and check that none is left.

    Raises UserError where PostHog refuses one, and where the project still differs after all. What is done
    by then stays, and another run makes the rest.
    """
    dashboards, insights = dict(plan.dashboards), dict(plan.insights)
    for change in plan.changes:
        if change.action == "delete" and change.id is not None:
            client.delete(change.kind, change.id, change.name)
            continue
        body: dict[str, Any] = dict(change.body)
        if change.on and change.kind == "insight":
            body["dashboards"] = [*change.stays_on, dashboards[change.on]]
        elif change.on:
            body["insight"] = insights[change.on]
        if change.subscribes:
            body["subscribed_users"] = [owner.id]
        if change.id is not None:
            client.change(change.kind, change.id, body, change.name)
            continue
        made = _created(client, change, body, found, wanted)
        if change.kind != "alert":
            {"dashboard": dashboards, "insight": insights}[change.kind][change.name] = int(made)
    if left := planned(wanted, read(client, wanted.prefix)).changes:
        names = ", ".join(f"{change.kind} “{change.name}”" for change in left)
        raise UserError(
            f"After the changes PostHog still differs: {names}.",
            hint="Run plan, which names the fields that differ, then apply again: somebody else may have "
            "changed them meanwhile. If the same field differs again, PostHog stores another value than was "
            "sent.",
        )


def _created(client: Client, change: Change, body: dict[str, Any], found: Found, wanted: Wanted) -> int | str:
    try:
        return client.create(change.kind, body)
    except RefusedError as error:
        if change.kind == "alert" and error.status == 400 and error.attr == "alert":
            raise _no_room(found, wanted, error.detail) from error
        raise


def _no_room(found: Found, wanted: Wanted, most: str) -> UserError:
    others = len(found.alerts_of_others)
    allowed = f"allows {most}" if most.isdigit() else f"has no room for them ({most})"
    return UserError(
        f"{len(wanted.alerts)} alerts are needed, and the organization's plan {allowed}: the project has "
        f"{len(found.alerts) - others} of {wanted.prefix.rstrip(' ·')} and {others} of others.",
        hint="Delete alerts of others that nobody needs, or take a larger plan. Then run the same command "
        "again.",
    )
