"""Which port each part listens on: the configured, else the one it had, the preferred, or a free one."""

import os
import socket
from collections.abc import Mapping
from contextlib import ExitStack

import psutil

from local.errors import LocalError

PREFERRED: Mapping[str, int] = {
    "emulator": 4566,
    "identity": 54321,
    "model": 8082,
    "sagemaker": 8083,
    "llm": 8081,
    "service": 8080,
}


def variable(name: str) -> str:
    """Return the environment variable that fixes the port of a part."""
    return f"VITRINE_{name.upper()}_PORT"


def configured(name: str) -> int | None:
    """Return the port that the environment fixes for a part; raise LocalError when it is not a port."""
    value = os.environ.get(variable(name))
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 65535:
        raise LocalError(
            f"{variable(name)} is {value!r}, which is not a port.",
            cure="Set it to a number from 1 to 65535, or leave it out.",
        )
    return int(value)


def assign(running: Mapping[str, int], former: Mapping[str, int]) -> dict[str, int]:
    """Give each part its port.

    `running` are the ports of parts that answer and stay as they are; `former` those of an earlier run. Raise
    LocalError when a configured port is taken.
    """
    ports = dict(running)
    with (
        ExitStack() as held
    ):  # each port stays bound until all are chosen, so that no two parts get the same one
        for name in PREFERRED:
            if name in ports:
                continue
            fixed = configured(name)
            if fixed is not None:
                if fixed in ports.values():
                    raise LocalError(
                        f"{variable(name)}={fixed} is the port of another part.",
                        cure="Give each part its own port.",
                    )
                wanted = _bind(held, fixed)
                if wanted is None:
                    raise LocalError(
                        f"Port {fixed}, which {variable(name)} asks for, is taken by {holder(fixed)}.",
                        cure=f"Stop that process, set {variable(name)} to another port, or leave it out.",
                    )
                ports[name] = wanted
        for name, preferred in PREFERRED.items():
            if name not in ports:
                candidates = [former[name], preferred, 0] if name in former else [preferred, 0]
                ports[name] = next(port for c in candidates if (port := _bind(held, c)) is not None)
    return ports


def is_free(port: int) -> bool:
    """Say whether a process of ours could listen on this port now."""
    with ExitStack() as held:
        return _bind(held, port) is not None


def holder(port: int) -> str:
    """Name who listens on a port, as well as this user may know it."""
    for process in psutil.process_iter(["name", "pid"]):
        try:
            listening = any(
                c.status == psutil.CONN_LISTEN and c.laddr.port == port
                for c in process.net_connections(kind="tcp")
            )
        except (psutil.AccessDenied, psutil.NoSuchProcess, psutil.ZombieProcess):
            continue
        if listening:
            return f"{process.info['name']} (pid {process.info['pid']})"
    return "a process of another user"


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
