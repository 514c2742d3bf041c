"""Running a tool with its output on the terminal, and ending it when the caller is interrupted."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
# Ctrl-C at a terminal reaches the tool too. It has this long to end, as long after SIGTERM, then SIGKILL.
_GRACE_S = 5.0


def run(
    command: Sequence[str],
    *,
    folder: Path = ROOT,
    variables: Mapping[str, str] | None = None,
    stdin: str | None = None,
) -> None:
    """Run a command to its end, with `stdin` on its standard input; raise UserError when it fails.

    `variables` are added to the environment. The error never repeats `stdin`, which may be a password.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(variables or {})},
            stdin=None if stdin is None else subprocess.PIPE,
        )
    except OSError as error:
        raise UserError(
            f"{command[0]} does not start: {error.strerror or error}.", hint="Check that it is installed."
        ) from error
    try:
        process.communicate(None if stdin is None else stdin.encode())
    except BaseException:
        _end(process)
        raise
    if process.returncode != 0:
        shown = " ".join([Path(command[0]).name, *command[1:]])
        raise UserError(
            f"`{shown}` ended with status {process.returncode}.",
            hint="Mend what it says above, and run the same command again: finished steps are not repeated.",
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    for signal_it in (process.terminate, process.kill):
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            signal_it()
    process.wait()
