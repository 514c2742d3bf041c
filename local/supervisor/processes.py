"""Starts, identifies and stops the processes of one local system, and no others.

Each process leads its own session and carries OWNER (its home) and PROCESS (its name) in its environment, so
that it is identified even when its record is lost, and children that outlive their parent are found too. A
process id alone is never trusted: it counts only together with the start time of its process.
"""

import json
import os
import subprocess
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from cli.errors import UserError
from local.home import REPOSITORY, Home

OWNER = "VITRINE_OWNER"
PROCESS = "VITRINE_PROCESS"
_RECORDS = "processes.json"
_GRACE_S = 5.0


@dataclass(frozen=True)
class ProcessRecord:
    """What is stored about a started process: its id and start time, its port, its spec's fingerprint."""

    pid: int
    started: float
    port: int
    fingerprint: str

    def process(self) -> psutil.Process | None:
        """Return the running process; None when it has ended or its id now belongs to another process."""
        try:
            process = psutil.Process(self.pid)
            if abs(process.create_time() - self.started) > 1 or process.status() == psutil.STATUS_ZOMBIE:
                return None
        except psutil.NoSuchProcess:
            return None
        return process


def start(
    home: Home, name: str, command: Iterable[str], environment: Mapping[str, str], log: Path
) -> subprocess.Popen[bytes]:
    """Start a command in the repository's root, as the leader of a session, with its output in `log`.

    Raise UserError when its program is not installed.
    """
    program, *arguments = command
    if not Path(program).is_file():
        raise UserError(f"{program} is not installed.", hint="Run `sh local/setup.sh demo`.")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(
            [program, *arguments],
            cwd=REPOSITORY,
            env={**environment, **ownership(home, name)},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def ownership(home: Home, name: str) -> Mapping[str, str]:
    """Return the variables that mark a process as one of this home, so that `stop` finds it."""
    return {OWNER: str(home.root), PROCESS: name}


def records(home: Home) -> dict[str, ProcessRecord]:
    """Return the stored records by process name; none when the file is missing or unreadable."""
    try:
        content = json.loads((home.state / _RECORDS).read_text("utf-8"))
        return {name: ProcessRecord(**fields) for name, fields in content.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


def save_records(home: Home, changes: Mapping[str, ProcessRecord | None]) -> None:
    """Add records, or remove those given as None; the file is replaced atomically."""
    kept = {name: record for name, record in {**records(home), **changes}.items() if record is not None}
    home.state.mkdir(parents=True, exist_ok=True)
    draft = home.state / f"processes.{os.getpid()}"
    text = json.dumps({name: asdict(record) for name, record in kept.items()}, indent=1)
    draft.write_text(text, "utf-8")
    draft.replace(home.state / _RECORDS)


def stop(home: Home, name: str | None = None) -> list[str]:
    """Stop one process, or every process of this home; return the names of those that were running.

    A process has five seconds to end after SIGTERM. A process that is stopped by name keeps its record, as
    after a crash, and so its port.
    """
    found = _owned(home, name)
    for recorded, record in records(home).items():
        if name in (None, recorded) and (leader := record.process()) is not None:
            found[leader] = recorded
            with suppress(psutil.NoSuchProcess):
                found = {**dict.fromkeys(leader.children(recursive=True), recorded), **found}
    for process in found:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _, remaining = psutil.wait_procs(list(found), timeout=_GRACE_S)
    for process in remaining:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(remaining, timeout=_GRACE_S)
    if name is None:
        save_records(home, dict.fromkeys(records(home)))
    return sorted(set(found.values()))


def _owned(home: Home, name: str | None) -> dict[psutil.Process, str]:
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found: dict[psutil.Process, str] = {}
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):  # another user's process, or one that has just ended
            environment = {} if process.pid in own else process.environ()
            process_name = environment.get(PROCESS, "")
            if environment.get(OWNER) == str(home.root) and name in (None, process_name):
                found[process] = process_name
    return found
