"""Which port each part listens on: the configured, else the one it had, the preferred, or a free one."""

import fcntl
import os
import socket
import tempfile
from collections.abc import Iterable, Mapping
from contextlib import ExitStack, suppress
from itertools import chain, repeat
from pathlib import Path

import psutil

from cli.errors import UserError
from local.supervisor.mode import Mode

PREFERRED: Mapping[str, int] = {
    "emulator": 4566,
    "identity": 54321,
    "model": 8082,
    "sagemaker": 8083,
    "llm": 8081,
    "service": 8080,
    "database": 54323,
    "edge": 54329,
}


_ONLY_ASYNC = ("database", "edge")


def names(mode: Mode) -> tuple[str, ...]:
    """Return the names of the parts that a mode runs."""
    return tuple(name for name in PREFERRED if mode == "async" or name not in _ONLY_ASYNC)


def variable(name: str) -> str:
    """Return the environment variable that fixes the port of a part."""
    return f"VITRINE_{name.upper()}_PORT"


def configured(name: str) -> int | None:
    """Return the port that the environment fixes for a part; raise LocalError when it is not a port."""
    value = os.environ.get(variable(name))
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 65535:
        raise UserError(
            f"{variable(name)} is {value!r}, which is not a port.",
            hint="Set it to a number from 1 to 65535, or leave it out.",
        )
    return int(value)


def assign(running: Mapping[str, int], former: Mapping[str, int], held: ExitStack) -> dict[str, int]:
    """Give each part its port.

    `running` are the ports of parts that answer and stay as they are; `former` those of an earlier run. Until
    `held` closes, no other `up` of this user takes the ports that are given here: a part may need seconds to
    listen. Raise LocalError when a configured port is taken.
    """
    ports = dict(running)
    absent = [name for name in PREFERRED if name not in running]
    with ExitStack() as bound:  # each port stays bound until all are chosen: no two parts get the same one
        for name in absent:
            if (fixed := configured(name)) is None:
                continue
            if fixed in ports.values():
                raise UserError(
                    f"{variable(name)}={fixed} is the port of another part.",
                    hint="Give each part its own port.",
                )
            if _take(fixed, bound, held) is None:
                raise UserError(
                    f"Port {fixed}, which {variable(name)} asks for, is taken by {holder(fixed)}.",
                    hint=f"Stop that process, set {variable(name)} to another port, or leave it out.",
                )
            ports[name] = fixed
        for name in absent:
            if name not in ports:
                wanted = [former[name]] if name in former else []
                candidates = chain(wanted, [PREFERRED[name]], repeat(0))
                ports[name] = next(port for c in candidates if (port := _take(c, bound, held)) is not None)
    return ports


def _take(port: int, bound: ExitStack, held: ExitStack) -> int | None:
    chosen = _bind(bound, port)
    return chosen if chosen is not None and _reserve(chosen, held) else None


def _reserve(port: int, held: ExitStack) -> bool:
    folder = Path(tempfile.gettempdir()) / f"vitrine-ports-{os.getuid()}"
    folder.mkdir(mode=0o700, exist_ok=True)
    lock = held.enter_context((folder / str(port)).open("wb"))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def is_free(port: int) -> bool:
    """Say whether a process of ours could listen on this port now."""
    with ExitStack() as held:
        return _bind(held, port) is not None


def holder(port: int) -> str:
    """Name who listens on a port, as well as this user may know it."""
    for process in psutil.process_iter(["name", "pid"]):
        if port in _listening([process]):
            return f"{process.info['name']} (pid {process.info['pid']})"
    return "another user, or a system that is starting"


def listens(pid: int, port: int) -> bool:
    """Say whether a process of this user, or one that it started, listens on a port."""
    try:
        process = psutil.Process(pid)
        return port in _listening([process, *process.children(recursive=True)])
    except psutil.Error:
        return False


def _listening(processes: Iterable[psutil.Process]) -> set[int]:
    found = set()
    for process in processes:
        with suppress(psutil.Error):
            for connection in process.net_connections(kind="tcp"):
                if connection.status == psutil.CONN_LISTEN:
                    found.add(connection.laddr.port)
    return found


def _bind(held: ExitStack, port: int) -> int | None:
    # A listener on all interfaces does not keep every system from binding loopback beside it: ask it first.
    if port and _answers(port):
        return None
    listener = held.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM))
    # Servers set the same option: without it, connections closed a moment ago make a free port look taken.
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError:
        return None
    chosen: int = listener.getsockname()[1]
    return chosen


def _answers(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
