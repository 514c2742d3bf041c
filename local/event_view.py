"""What the command `events` prints: the events that the local PostHog got."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import httpx2
from rich.table import Table

from cli.errors import UserError
from cli.log_view import PIPE_WIDTH
from local.supervisor.processes import records

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from local.home import Home

Event = dict[str, Any]
_COST = ("cost_usd", "$ai_total_cost_usd")


def received(home: Home) -> list[Event]:
    """Return the events that PostHog got since it started, the oldest first.

    Raises UserError where it does not run.
    """
    record = records(home).get("posthog")
    if record is not None:
        with httpx2.Client(trust_env=False, timeout=5) as client:
            try:
                answer = client.get(f"http://127.0.0.1:{record.port}/local/events")
            except httpx2.TransportError:
                pass
            else:
                events: list[Event] = answer.raise_for_status().json()["events"]
                return events
    raise UserError("The local PostHog does not run.", hint="Run `python -m local up`.")


def print_events(events: Sequence[Event], console: Console, *, as_json: bool = False) -> None:
    """Print a line for each event, with what it says of how the report or the call went."""
    if as_json:
        console.print(json.dumps(events, indent=2), markup=False, soft_wrap=True)
        return
    if not console.is_terminal:
        # A file or a pipe has no width to fit into.
        console.width = max(console.width, PIPE_WIDTH)
    if not events:
        console.print("No event so far: `python -m local demo` makes a report.")
        return
    table = Table("time", "event", "user", "took", "usd", "how", "trace", box=None, header_style="bold")
    for event in events:
        table.add_row(
            str(event["timestamp"])[11:19],
            event["event"],
            str(event["distinct_id"])[:8],
            _took(event["properties"]),
            _first(event["properties"], _COST),
            _how(event["properties"]),
            str(event["properties"].get("trace", ""))[:8],
        )
    console.print(table)
    console.print("`--json` shows each event whole.", style="dim")


def _took(properties: Event) -> str:
    if "$ai_latency" in properties:
        return f"{properties['$ai_latency']:.1f} s"
    return f"{properties['total_ms'] / 1000:.1f} s" if "total_ms" in properties else ""


def _how(properties: Event) -> str:
    if "$ai_model" in properties:
        tokens = [str(properties.get(f"$ai_{way}_tokens", "?")) for way in ("input", "output")]
        failed = ", failed" if properties.get("$ai_is_error") else ""
        return f"{properties['$ai_model']}, {' + '.join(tokens)} tokens{failed}"
    said = (properties.get(name) for name in ("mode", "outcome", "reason", "narrative"))
    return ", ".join(str(each) for each in said if each is not None)


def _first(properties: Event, names: tuple[str, ...]) -> str:
    return next((f"{properties[name]:.6f}" for name in names if name in properties), "")
