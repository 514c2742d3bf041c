"""Progress where there is no terminal: plain lines."""

import io
from typing import Any

import pytest
from rich.console import Console
from rich.progress import Progress

from cli.progress import Steps


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()

    def live(*columns: Any, **options: Any) -> Progress:
        return Progress(*columns, get_time=clock, **options)

    monkeypatch.setattr("cli.progress.Progress", live)
    return clock


def test_steps_are_lines_with_their_time(clock: Clock) -> None:
    out = io.StringIO()
    with Steps(Console(file=out, soft_wrap=True)) as steps:
        steps.begin("emulator", "starting [one]")
        clock.now = 9
        steps.remind("emulator")
        clock.now = 12
        steps.remind("emulator")
        steps.done("emulator", "runs on port 1")
        steps.done("stacks", "deployed already")
        steps.begin("model", "starting")
        steps.failed("model", "ended")
    assert out.getvalue().splitlines() == [
        "… emulator           starting [one]",
        "… emulator           starting [one], 12 s so far",
        "✓ emulator           runs on port 1 12.0 s",
        "✓ stacks             deployed already",
        "… model              starting",
        "✗ model              ended",
    ]


def test_bytes_are_shown_as_percentage(clock: Clock) -> None:
    out = io.StringIO()
    with Steps(Console(file=out, soft_wrap=True)) as steps:
        steps.begin("upload", "to s3://a/b", 200)
        clock.now = 5
        steps.advance("upload", 50)
        clock.now = 11
        steps.advance("upload", 50)
    assert out.getvalue().splitlines()[1:] == ["… upload             to s3://a/b, 50%"]
