"""Starting, recognising and stopping the processes of one local system, and no others.

Each is the leader of its own session and carries OWNER (the home it belongs to) and PART in its environment.
So what is ours is known even when the record of it is lost, and children that outlived their parent are found
too. A process id alone is never trusted: it counts only together with the time that its process started.
"""

import contextlib
import json
import os
import subprocess
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from cli.errors import UserError
from local.home import REPOSITORY, Home

OWNER = "VITRINE_OWNER"
PART = "VITRINE_PART"
_GRACE_S = 5.0


@dataclass(frozen=True)
class Record:
    """What is remembered of a part's process."""

    pid: int
    started: float
    port: int
    fingerprint: str

    def process(self) -> psutil.Process | None:
        """Return the live process, or None when it has ended or its id now names another."""
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
    """Start a command in the repository's root, as a session of its own that writes into `log`.

    Raise LocalError when its program is not installed.
    """
    program, *arguments = command
    if not Path(program).is_file():
        raise UserError(f"{program} is not installed.", hint="Run `sh local/setup.sh demo`.")
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        return subprocess.Popen(
            [program, *arguments],
            cwd=REPOSITORY,
            env={**environment, OWNER: str(home.root), PART: name},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def records(home: Home) -> dict[str, Record]:
    """Return what is remembered, by part; nothing when the record is missing or unreadable."""
    try:
        content = json.loads((home.state / "parts.json").read_text("utf-8"))
        return {name: Record(**fields) for name, fields in content.items()}
    except (FileNotFoundError, ValueError, TypeError, AttributeError):
        return {}


def remember(home: Home, changes: Mapping[str, Record | None]) -> None:
    """Add parts to the record, or take out those given as None, in one step that a crash cannot halve."""
    kept = {name: record for name, record in {**records(home), **changes}.items() if record is not None}
    home.state.mkdir(parents=True, exist_ok=True)
    draft = home.state / f"parts.{os.getpid()}"
    text = json.dumps({name: asdict(record) for name, record in kept.items()}, indent=1)
    draft.write_text(text, "utf-8")
    draft.replace(home.state / "parts.json")


def stop(home: Home, name: str | None = None) -> list[str]:
    """End one part, or all that belongs to this home; return the names of what was running.

    A process gets five seconds to end by itself. The record of a part that is ended alone stays, as after a
    crash: it holds the port that the others know the part by.
    """
    found = _ours(home, name)
    for recorded, record in records(home).items():
        if name in (None, recorded) and (leader := record.process()) is not None:
            found[leader] = recorded
            for child in _children(leader):
                found.setdefault(child, recorded)
    for process in found:
        _signal(process.terminate)
    _, stubborn = psutil.wait_procs(list(found), timeout=_GRACE_S)
    for process in stubborn:
        _signal(process.kill)
    psutil.wait_procs(stubborn, timeout=_GRACE_S)
    if name is None:
        remember(home, dict.fromkeys(records(home)))
    return sorted(set(found.values()))


def _ours(home: Home, name: str | None) -> dict[psutil.Process, str]:
    own = {os.getpid(), *(parent.pid for parent in psutil.Process().parents())}
    found: dict[psutil.Process, str] = {}
    for process in psutil.process_iter():
        if process.pid in own:
            continue
        try:
            environment = process.environ()
        except (psutil.Error, OSError):
            continue  # another user's, or gone meanwhile
        part = environment.get(PART, "")
        if environment.get(OWNER) == str(home.root) and name in (None, part):
            found[process] = part
    return found


def _children(process: psutil.Process) -> list[psutil.Process]:
    try:
        children: list[psutil.Process] = process.children(recursive=True)
    except psutil.NoSuchProcess:
        return []
    return children


def _signal(send: Callable[[], None]) -> None:
    with contextlib.suppress(psutil.NoSuchProcess):
        send()
