"""What the commands `logs` of ops and local print, and the options that both have."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC
from typing import TYPE_CHECKING, TypedDict, TypeVar, Unpack

import click
from rich.table import Table

from cli.errors import UserError
from cli.log_lines import Wanted, duration_ms, ended, ended_at, story, total_usd

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from cli.log_lines import Line
    from settings.environment import Environment

MOST_ROWS, PIPE_WIDTH = 50, 160
Command = TypeVar("Command", bound="Callable[..., object]")


def choice_options(command: Command) -> Command:
    """Add the options by which both commands choose lines."""
    options = (
        click.option("--trace", metavar="ID", help="Every line of a trace."),
        click.option("--report", metavar="ID", help="Every line of how a report was made."),
        click.option("--user", metavar="ID", help="The reports of a user: the id, or its hash of a line."),
        click.option("--failed", is_flag=True, help="Only reports that failed."),
        click.option("--slow", is_flag=True, help="Only reports that took longer than the goal."),
    )
    for option in reversed(options):
        command = option(command)
    return command


class Choice(TypedDict):
    """The values of the options."""

    trace: str | None
    report: str | None
    user: str | None
    slow: bool
    failed: bool


def wanted(settings: Environment, **given: Unpack[Choice]) -> Wanted:
    """What the options ask for, a user's id as its hash by the environment's key.

    Raises UserError where the options contradict each other, and for what is no id.
    """
    slower_than_s = float(settings.alarms.report_goal_s) if given["slow"] else None
    chosen = Wanted(given["trace"], given["report"], given["user"], slower_than_s, given["failed"])
    if chosen.user is not None and "-" in chosen.user:
        from services.core.telemetry import user_hash

        chosen = replace(chosen, user=user_hash(chosen.user, settings.user_hash_key))
    if chosen.is_story and (given["user"] or given["slow"] or given["failed"]):
        raise UserError(
            "--user, --slow and --failed choose reports; --trace and --report choose lines.",
            hint="Leave one out.",
        )
    return chosen


def who_is(user: str, user_hash_key: str) -> str:
    """The statement that finds the user of a hash, for the SQL editor of the Supabase project."""
    key = user_hash_key.replace("'", "''")
    digest = f"vitrine.hmac_sha256(convert_to(id::text, 'UTF8'), convert_to('{key}', 'UTF8'))"
    hashed = f"left(encode({digest}, 'hex'), {len(user)})"
    return f"select id, email from auth.users where {hashed} = '{user}';"  # noqa: S608 - printed, never run


def print_lines(lines: Sequence[Line], chosen: Wanted, console: Console) -> None:
    """Print the lines of a trace or report in order, or a table of ended reports with what they cost.

    Raises UserError where nothing was found.
    """
    if not console.is_terminal:
        # A file or a pipe has no width to fit into.
        console.width = max(console.width, PIPE_WIDTH)
    if chosen.is_story:
        _print_story(story(lines, chosen), console)
    else:
        _print_reports(ended(lines, chosen), console)


def _print_story(told: Sequence[Line], console: Console) -> None:
    if not told:
        raise UserError(
            "No line was found.", hint="Logs arrive within seconds, and are kept for log_retention_days."
        )
    columns = ["time (UTC)", "service", "what", "outcome", "ms", "reason"]
    # Only Edge logs name theirs: those lines are in CloudWatch Logs too.
    sources = any("source" in line for line in told)
    table = Table(*columns, *["source"] * sources, box=None, padding=(0, 1))
    for line in told:
        took = duration_ms(line)
        table.add_row(
            f"{ended_at(line).astimezone(UTC):%m-%d %H:%M:%S.%f}"[:-3],
            str(line.get("service", "")),
            str(line.get("message", "")),
            str(line.get("outcome") or line.get("status") or ""),
            "" if took is None else f"{took:.0f}",
            " ".join(str(line[name]) for name in ("error", "reason") if line.get(name)),
            *[str(line.get("source", ""))] * sources,
        )
    console.print(table)
    for name in ("trace", "report", "user"):
        if found := sorted({str(line[name]) for line in told if name in line}):
            console.print(f"{name}: {', '.join(found)}")


def _print_reports(found: Sequence[Line], console: Console) -> None:
    if not found:
        console.print("No report ended in this time, of these.")
        return
    table = Table(
        "ended (UTC)", "report", "user", "outcome", "s", "stages (s)", "USD", box=None, padding=(0, 1)
    )
    for line in found[:MOST_ROWS]:
        stages = line.get("stages_ms") or {}
        cost = line.get("cost_usd")
        table.add_row(
            f"{ended_at(line).astimezone(UTC):%m-%d %H:%M:%S}",
            str(line.get("report", "")),
            str(line.get("user", "")),
            " ".join(str(line[name]) for name in ("outcome", "reason") if line.get(name)),
            f"{(duration_ms(line) or 0.0) / 1000:.1f}",
            " ".join(f"{name} {ms / 1000:.1f}" for name, ms in stages.items()),
            "?" if cost is None else f"{cost:.6f}",
        )
    console.print(table)
    if len(found) > MOST_ROWS:
        console.print(f"… and {len(found) - MOST_ROWS} faster ones")
    console.print(summary(found))


def summary(found: Sequence[Line]) -> str:
    """How many reports, how many of them failed, how long they took and what they cost."""
    took = sorted((duration_ms(line) or 0.0) / 1000 for line in found)
    failed = sum(line.get("outcome") != "succeeded" for line in found)
    cost, unknown = total_usd(found)
    users = len({line["user"] for line in found if "user" in line})
    p50, p95 = (took[min(len(took) - 1, int(len(took) * part))] for part in (0.5, 0.95))
    rest = f", {unknown} of unknown cost" if unknown else ""
    return (
        f"{len(found)} reports of {users} users, {failed} failed; "
        f"median {p50:.1f} s, 95th percentile {p95:.1f} s; {cost:.6f} USD{rest}"
    )
