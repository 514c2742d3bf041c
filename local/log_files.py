"""The log lines of the local system: those in the logs of its processes, and those of its functions."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from cli.log_lines import each_once, parse
from local.supervisor.account import aws_client
from local.supervisor.processes import records
from settings.environment import load_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cli.log_lines import Line
    from local.home import Home


def log_lines(home: Home) -> list[Line]:
    """Return every line that is one of a service, each once.

    A line of an Edge Function is in its process's log and, once it has come by way of the gateway, in the
    emulator's CloudWatch Logs: that one is returned, which names its source.
    """
    # The emulator's own log has some of its functions' lines, and keeps them when it has ended.
    texts = dict.fromkeys([*_of_processes(home), *function_lines(home)])
    return each_once(line for text in texts if (line := parse(text)) is not None)


def _of_processes(home: Home) -> Iterator[str]:
    for file in sorted(home.log("*").parent.glob("*.log")):
        for text in file.read_text("utf-8", errors="replace").splitlines():
            if text.startswith("{"):
                yield text


def function_lines(home: Home) -> Iterator[str]:
    """Yield what the functions have written, by the emulator's CloudWatch Logs; nothing once it has ended."""
    emulator = records(home).get("emulator")
    if emulator is None or emulator.process() is None:
        return
    logs = aws_client("logs", emulator.port, load_environment("local").region)
    with suppress(BotoCoreError, ClientError):
        for page in logs.get_paginator("describe_log_groups").paginate():
            for group in page["logGroups"]:
                for events in logs.get_paginator("filter_log_events").paginate(
                    logGroupName=group["logGroupName"]
                ):
                    yield from (event["message"].strip() for event in events["events"])
