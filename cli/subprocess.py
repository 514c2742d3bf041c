"""Running a tool with its output on the terminal, and ending it when the caller is interrupted."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from cli.errors import UserError

ROOT = Path(__file__).resolve().parent.parent
# Ctrl-C at a terminal reaches the tool too: it may end by itself for so long, then it is told to, then made.
_GRACE_S = 5.0


def run(
    command: Sequence[str],
    *,
    folder: Path = ROOT,
    variables: Mapping[str, str] | None = None,
    typed: str | None = None,
) -> None:
    """Run a command to its end, `typed` on its standard input; raise DeliveryError when it fails.

    Neither the error nor anything else repeats what was typed.
    """
    try:
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**os.environ, **(variables or {})},
            stdin=None if typed is None else subprocess.PIPE,
        )
    except OSError as error:
        raise UserError(
            f"{command[0]} does not start: {error.strerror or error}.", hint="See whether it is installed."
        ) from error
    try:
        process.communicate(None if typed is None else typed.encode())
    except BaseException:
        _end(process)
        raise
    if process.returncode != 0:
        shown = " ".join([Path(command[0]).name, *command[1:]])
        raise UserError(
            f"`{shown}` ended with status {process.returncode}.",
            hint="Mend what it says above, and run the same command again: what is done stays done.",
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    for then in (process.terminate, process.kill):
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            then()
    process.wait()
