"""How the commands of ops and local start and end: streams, signals, errors and exit statuses."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from typing import TYPE_CHECKING

import click

from cli.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import FrameType


_HINTS = {
    errno.ENOSPC: "The disk is full: free some space, then run the same command again.",
    errno.EDQUOT: "Your quota on this disk is used up: free some space, then run the same command again.",
    errno.EROFS: "This disk is read-only. Of the local system, VITRINE_HOME names another folder.",
    errno.EACCES: "You may not use it. Of the local system, VITRINE_HOME names another folder.",
    errno.ENOTDIR: "A part of this path is a file. Of the local system, VITRINE_HOME names another folder.",
}


def run_commands(
    commands: click.Command,
    arguments: Sequence[str] | None = None,
    *,
    program: str,
    explain: Callable[[Exception], UserError | None] = lambda _: None,
    interrupted: str = "",
) -> int:
    """Run one command of a group and return the exit status.

    0: done. 1, or the error's own status: failed with a printed `error:` and `hint:`. 2: wrong usage. 130:
    interrupted by Ctrl-C or SIGTERM, after which `interrupted` is printed. A command returns None or its own
    status. `explain` turns another exception into an error for the user; where it returns None, the exception
    is raised.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal without ✓ prints a replacement character
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        return commands.main(arguments, prog_name=program, standalone_mode=False) or 0
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except (click.Abort, KeyboardInterrupt):
        if interrupted:
            click.echo(interrupted, err=True)
        return 130
    except UserError as error:
        _print(error)
        return error.exit_status
    except Exception as error:
        if (explained := explain(error) or _explain_file(error)) is None:
            raise
        _print(explained)
        return explained.exit_status


def _interrupt(_signal: int, _frame: FrameType | None) -> None:
    # A shell's background job ignores SIGINT: there, raising it would end nothing.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        raise KeyboardInterrupt
    signal.raise_signal(signal.SIGINT)


def ask(question: str) -> str:
    """Return the answer that is typed at the terminal; raise UserError where there is no terminal."""
    if not sys.stdin.isatty():
        raise UserError("There is no terminal to ask for confirmation.", hint="Pass --yes (make: YES=1).")
    return input(question).strip()


def _explain_file(error: Exception) -> UserError | None:
    if not isinstance(error, OSError) or error.filename is None or error.errno not in _HINTS:
        return None
    return UserError(f"{error.filename}: {error.strerror}.", hint=_HINTS[error.errno])


def _print(error: UserError) -> None:
    # Also of a process that ended: its log says so, and every other hint would mislead.
    if any(os.strerror(errno.ENOSPC) in line for line in error.details):
        error.hint = _HINTS[errno.ENOSPC]
    for line in error.details:
        click.echo(f"  │ {line}", err=True)
    click.echo(f"error: {error}", err=True)
    if error.hint:
        click.echo(f"  hint: {error.hint}", err=True)
