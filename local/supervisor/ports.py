"""The port of each process.

A process gets its configured port, else the one it had, its preferred one, or a free one.
"""

import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress

import psutil

from cli.errors import UserError
from local.home import Mode
from local.supervisor.process_specs import PROCESSES

PREFERRED: Mapping[str, int] = {name: port for name, (port, _) in PROCESSES.items()}
_ASYNC_ONLY = ("database", "edge")


def process_names(mode: Mode) -> tuple[str, ...]:
    """Return the names of the processes that a mode runs."""
    return tuple(name for name in PREFERRED if mode == "async" or name not in _ASYNC_ONLY)


def variable(name: str) -> str:
    """Return the environment variable that configures the port of a process."""
    return f"VITRINE_{name.upper()}_PORT"


def configured(name: str) -> int | None:
    """Return the configured port of a process, or None; raise UserError when the value is not a port."""
    value = os.environ.get(variable(name))
    if not value:
        return None
    if not value.isascii() or not value.isdigit() or not 1 <= int(value) <= 65535:
        raise UserError(
            f"{variable(name)} is {value!r}, which is not a port.",
            hint="Set it to a number from 1 to 65535, or unset it.",
        )
    return int(value)


def assign(running: Mapping[str, int], former: Mapping[str, int]) -> dict[str, int]:
    """Return a port of its own for each process.

    `running` are the ports of running processes, which keep them; `former` those of an earlier run. Raise
    UserError when a configured port is taken.
    """
    ports = dict(running)
    absent = [name for name in PREFERRED if name not in running]
    for name in absent:
        if (port := configured(name)) is None:
            continue
        if port in ports.values():
            raise UserError(
                f"{variable(name)}={port} is the port of another process.",
                hint="Give each process its own port.",
            )
        if not is_free(port):
            raise UserError(
                f"Port {port}, which {variable(name)} asks for, is taken by {listener(port)}.",
                hint=f"Stop that process, set {variable(name)} to another port, or unset it.",
            )
        ports[name] = port
    for name in absent:
        if name not in ports:
            candidates = (former.get(name), PREFERRED[name])
            usable = (port for port in candidates if port and port not in ports.values() and is_free(port))
            ports[name] = next(usable, None) or _free_port(ports.values())
    return ports


def _free_port(taken: Iterable[int]) -> int:
    while True:
        with socket.create_server(("127.0.0.1", 0)) as server:
            port: int = server.getsockname()[1]
        if port not in taken:
            return port


def is_free(port: int) -> bool:
    """Return whether a process could listen on this port of 127.0.0.1 now."""
    # Some systems let a process bind loopback beside a listener on all interfaces: try to connect first.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.settimeout(0.5)
        if probe.connect_ex(("127.0.0.1", port)) == 0:
            return False
    try:
        # create_server sets SO_REUSEADDR as the servers do: recently closed connections do not block a port.
        socket.create_server(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def listener(port: int) -> str:
    """Return the name and pid of the process that listens on a port, as far as this user may see it."""
    for process in psutil.process_iter(["name", "pid"]):
        if port in _listening_ports([process]):
            return f"{process.info['name']} (pid {process.info['pid']})"
    return "a process of another user, or a system that is starting"


def listens(pid: int, port: int) -> bool:
    """Return whether a process of this user, or a child of it, listens on a port."""
    try:
        process = psutil.Process(pid)
        return port in _listening_ports([process, *process.children(recursive=True)])
    except psutil.Error:
        return False


def _listening_ports(processes: Iterable[psutil.Process]) -> set[int]:
    found = set()
    for process in processes:
        with suppress(psutil.Error):
            for connection in process.net_connections(kind="tcp"):
                if connection.status == psutil.CONN_LISTEN:
                    found.add(connection.laddr.port)
    return found
