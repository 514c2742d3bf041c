"""The command `logs`: asks CloudWatch Logs Insights for lines of an environment's services."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from cli.errors import UserError
from cli.log_lines import ENDED
from cli.log_view import print_lines
from ops.aws.account import deployed_stacks, resources
from ops.aws.insights import Insights

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    import boto3
    from rich.console import Console

    from cli.log_lines import Line, Wanted
    from settings.environment import Environment

# The output of `hooks` with the log group of Edge logs, which has a class of its own.
EDGE_GROUP = "EdgeLogGroup"
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}


def period(since: str, now: datetime) -> tuple[datetime, datetime]:
    """Read the option --since: 90m, 24h or 7d until now; today, yesterday or 2026-11-26 for that day (UTC).

    Raises UserError for another text, and for a time that has not come.
    """
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if since == "yesterday":
        return midnight - timedelta(days=1), midnight
    if since == "today":
        return midnight, now
    try:
        if found := re.fullmatch(r"([1-9][0-9]{0,3})([mhd])", since):
            return now - timedelta(**{_UNITS[found[2]]: int(found[1])}), now
        day = datetime.strptime(since, "%Y-%m-%d").replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        raise UserError(
            f"{since!r} is no time.", hint="Say 90m, 24h, 7d, today, yesterday or a day such as 2026-11-26."
        ) from None
    if day > now:
        raise UserError(f"{since} has not come yet.", hint="Days are in UTC.")
    return day, min(now, day + timedelta(days=1))


def logs(
    settings: Environment, session: boto3.Session, chosen: Wanted, console: Console, *, since: str
) -> list[Line]:
    """Print the lines or reports that are wanted, and return all lines that were read.

    Raises UserError where nothing is deployed or found, and where Insights gives no answer.
    """
    begin, end = period(since, datetime.now(UTC))
    with console.status("Looking for the log groups…") as status:
        groups = log_groups(session, settings)
        client = session.client("logs")
        insights, of_edge = (Insights(client, each, begin, end) for each in groups)

        def ask(query: str, about: str) -> list[Line]:
            status.update(f"Asking {len(groups.services) + len(groups.edge)} log groups for {about}…")
            return [*insights.lines(query), *_each_event_once(of_edge.lines(query))]

        if chosen.is_story:
            lines = _story(ask, chosen)
        else:
            # Reports end in the services alone.
            status.update(f"Asking {len(groups.services)} log groups for ended reports…")
            lines = insights.lines(_of_reports(chosen))
    print_lines(lines, chosen, console)
    scanned_mb = insights.scanned_mb + of_edge.scanned_mb
    console.print(f"{scanned_mb:,.0f} MB of {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC were read.")
    return lines


class LogGroups(NamedTuple):
    """The names of log groups by class: a query of Insights reads groups of one class alone."""

    services: list[str]
    edge: list[str]


def log_groups(session: boto3.Session, settings: Environment) -> LogGroups:
    """Return the log groups of the environment's stacks; raise UserError where there are none."""
    cloudformation = session.client("cloudformation")
    stacks = deployed_stacks(cloudformation, settings)
    edge = {
        output["OutputValue"]
        for stack in stacks
        for output in stack.get("Outputs", [])
        if output.get("OutputKey") == EDGE_GROUP and "OutputValue" in output
    }
    found = {
        resource["PhysicalResourceId"]
        for stack in stacks
        for resource in resources(cloudformation, stack["StackName"])
        if resource["ResourceType"] == "AWS::Logs::LogGroup" and "PhysicalResourceId" in resource
    }
    if not found:
        raise UserError(
            f"{settings.name} has no log groups in {settings.region} of this account.",
            hint=f"Run `make deploy ENV={settings.name}`, or name the account's profile in AWS_PROFILE.",
        )
    return LogGroups(sorted(found - edge), sorted(found & edge))


def _each_event_once(lines: list[Line]) -> list[Line]:
    """Leave out what the log writer has written twice."""
    return list({line.get("event", number): line for number, line in enumerate(lines)}.values())


def _of_reports(chosen: Wanted) -> str:
    filters = [f'message = "{ENDED}"']
    if chosen.user is not None:
        filters.append(f'user = "{chosen.user}"')
    if chosen.failed:
        filters.append('outcome = "failed"')
    if chosen.slower_than_s is not None:
        filters.append(f"duration_ms >= {1000 * chosen.slower_than_s:.0f}")
    return f"fields @message | filter {' and '.join(filters)} | sort @timestamp desc"


def _story(ask: Callable[[str, str], list[Line]], chosen: Wanted) -> list[Line]:
    """The lines of a trace or report, then those that name the same traces or requests."""
    name, value = ("trace", chosen.trace) if chosen.trace else ("report", chosen.report)
    named = ask(f'fields @message | filter {name} = "{value}" | sort @timestamp asc', f"the {name}")
    traces = "|".join(sorted({line["trace"] for line in named if _is_trace(line.get("trace"))}))
    if not traces:
        return named
    # AWS's model server writes something before its lines, so that they have no fields.
    lines = ask(f"fields @message | filter @message like /{traces}/ | sort @timestamp asc", "its trace")
    requests = _quoted(line["request"] for line in lines if "request" in line)
    if requests:
        query = f"filter request in [{requests}] or request_id in [{requests}]"
        lines += ask(f"fields @message | {query} | sort @timestamp asc", "its request at the gateway")
    return lines


def _is_trace(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{32}", value) is not None


def _quoted(values: Iterable[object]) -> str:
    # A request's id comes from a line, so from outside; ids with other characters are none of the gateway's.
    known = sorted({str(value) for value in values})
    return ", ".join(f'"{value}"' for value in known if re.fullmatch(r"[\w=+/.-]{1,128}", value))
