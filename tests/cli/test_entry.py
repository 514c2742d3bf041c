"""How a command ends: its status and what it prints."""

import errno
import os
import signal

import click
import pytest

from cli.entry import ask, run_commands
from cli.errors import UserError


def end(
    monkeypatch: pytest.MonkeyPatch, outcome: int | BaseException | signal.Signals | None, *arguments: str
) -> int:
    before = signal.getsignal(signal.SIGTERM)

    @click.group()
    def commands() -> None:
        pass

    @commands.command()
    def go() -> int | None:
        if isinstance(outcome, signal.Signals):
            os.kill(os.getpid(), outcome)
            return None
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    def explain(error: Exception) -> UserError | None:
        return UserError("Explained.") if isinstance(error, KeyError) else None

    try:
        return run_commands(
            commands, arguments or ["go"], program="python -m test", explain=explain, interrupted="Stopped."
        )
    finally:
        signal.signal(signal.SIGTERM, before)


@pytest.mark.parametrize(
    ("outcome", "status", "printed"),
    [
        (None, 0, ""),
        (3, 3, ""),
        (UserError("It broke.", hint="Mend it."), 1, "error: It broke.\n  hint: Mend it.\n"),
        (UserError("It broke.", details=["line"]), 1, "  │ line\nerror: It broke.\n"),
        (KeyError("x"), 1, "error: Explained.\n"),
        (KeyboardInterrupt(), 130, "\nStopped.\n"),
        (signal.SIGTERM, 130, "\nStopped.\n"),
    ],
)
def test_outcome_gives_status_and_message(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    outcome: int | BaseException | signal.Signals | None,
    status: int,
    printed: str,
) -> None:
    assert end(monkeypatch, outcome) == status
    assert capsys.readouterr().err == printed


@pytest.mark.parametrize(
    ("outcome", "hint"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/data/log"), "The disk is full"),
        (OSError(errno.EROFS, "Read-only file system", "/data/log"), "This disk is read-only"),
        (PermissionError(errno.EACCES, "Permission denied", "/data/log"), "You may not use it"),
        (NotADirectoryError(errno.ENOTDIR, "Not a directory", "/data/log"), "A part of this path is a file"),
        (
            UserError(
                "`cdk synth` ended.", details=["cp: No space left on device (os error 28)"], hint="See."
            ),
            "The disk is full",
        ),
    ],
)
def test_unusable_disk_has_a_hint(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], outcome: Exception, hint: str
) -> None:
    assert end(monkeypatch, outcome) == 1
    assert f"hint: {hint}" in capsys.readouterr().err


def test_sigterm_ends_a_background_job(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        assert end(monkeypatch, signal.SIGTERM) == 130
    finally:
        signal.signal(signal.SIGINT, before)


def test_unexplained_error_is_raised(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ZeroDivisionError):
        end(monkeypatch, ZeroDivisionError())


def test_wrong_usage_is_status_two(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert end(monkeypatch, None, "no-such-command") == 2
    assert "No such command 'no-such-command'" in capsys.readouterr().err


def test_question_needs_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    with pytest.raises(UserError, match="no terminal") as refused:
        ask("Sure? ")
    assert "YES=1" in refused.value.hint
