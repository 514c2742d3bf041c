"""The command `events`."""

import json
import socket
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from cli.errors import UserError
from local.event_view import print_events, received
from local.home import Home
from local.supervisor.processes import ProcessRecord, save_records
from services.core.analytics.events import Deployment, ai_generation, report_ended
from services.core.usage import LlmCall, Usage
from tests.services.core.analytics.test_events import report


@pytest.fixture
def events() -> list[dict[str, Any]]:
    """A report and the call of its LLM."""
    call = LlmCall("gpt-6-luna", 1.2, 200, Usage(prompt_tokens=300, completion_tokens=60), failed=False)
    return [
        ai_generation(call, "alice", Deployment(), usd=0.00006),
        report_ended(report(narrative="llm"), "alice", Deployment(), photos=1, total_ms=5300.0),
    ]


def test_table_says_how_each_went(events: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    print_events(events, Console(highlight=False))
    out = capsys.readouterr().out
    assert "gpt-6-luna, 300 + 60 tokens" in out
    assert "realtime, succeeded, llm" in out
    assert "5.3 s" in out


def test_json_is_the_events(events: list[dict[str, Any]], capsys: pytest.CaptureFixture[str]) -> None:
    print_events(events, Console(highlight=False), as_json=True)
    assert json.loads(capsys.readouterr().out) == events


def test_no_event_names_the_demo(capsys: pytest.CaptureFixture[str]) -> None:
    print_events([], Console(highlight=False))
    assert "`python -m local demo` makes a report" in capsys.readouterr().out


def test_ended_posthog_has_a_hint(tmp_path: Path) -> None:
    home = Home(tmp_path)
    home.create()
    with pytest.raises(UserError, match="does not run"):
        received(home)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    save_records(home, {"posthog": ProcessRecord(1, 0.0, port, "")})
    with pytest.raises(UserError, match="does not run"):
        received(home)
