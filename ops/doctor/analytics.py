"""Whether the events of an environment's reports arrive in PostHog."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from cli.errors import UserError
from cli.findings import Finding, note, ok, warning
from ops.posthog.queries import arrived
from ops.posthog.refusals import KEY, make_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from settings.environment import Environment

SUBJECT = "PostHog"
_DAYS = 1


def events_arrive(settings: Environment) -> Iterator[Finding]:
    """Whether an event of a report arrived within the last day; it is never more than a warning.

    Reports do not need PostHog, and an environment that is not deployed yet, or quiet, sends it nothing.
    """
    section = settings.posthog
    if section is None:
        return
    if not os.environ.get(KEY):
        yield note(SUBJECT, f"not checked whether events arrive: {KEY} is not set.", make_key(section))
        return
    from ops.posthog.client import connected

    try:
        with connected(section) as client:
            count = client.count(arrived(settings.name, _DAYS))
    except UserError as error:
        yield warning(SUBJECT, f"not checked whether events arrive: {error}", error.hint)
        return
    project = f"project {section.project_id} of {section.api_url}"
    if count:
        yield ok(SUBJECT, f"{count} reports of {settings.name} arrived in {project} within a day")
        return
    yield warning(
        SUBJECT,
        f"no event of {settings.name} arrived in {project} within a day.",
        "After a first deployment, or without reports, there is none. Else posthog.project_key is another "
        "project's, posthog.region another region, or the services log that events are lost.",
    )
