"""The port of each process, and whether the process answers there.

A process gets its configured port, else the one it had, its preferred one, or a free one.
"""

import asyncio
import os
import socket
import subprocess
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress

import httpx2
import psutil

from cli.errors import UserError
from cli.progress import Steps
from local.home import Home, Mode, tail
from local.supervisor.process_specs import PROCESSES, ProcessSpec

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


async def wait_until_ready(
    home: Home, spec: ProcessSpec, process: subprocess.Popen[bytes], steps: Steps
) -> None:
    """Return once a started process is ready; raise UserError with its log when it ends or takes too long."""
    log = home.log(spec.name)
    hint = f"Its whole log is {log}. `python -m local doctor` checks the usual reasons."
    deadline = time.monotonic() + spec.ready_within_s
    # trust_env off: a proxy in the caller's shell must not stand between us and loopback.
    async with httpx2.AsyncClient(trust_env=False) as client:
        while True:
            if (status := process.poll()) is not None:
                failure = f"ended with status {status} before it was ready"
                if not is_free(spec.port):  # two systems that start at once can choose the same port
                    failure += f": {listener(spec.port)} listens on its port {spec.port}"
                    hint = f"Run the command again: {spec.name} gets another port. {hint}"
                break
            if (problem := await _problem(spec, process, client)) is None:
                return
            if time.monotonic() > deadline:
                failure = f"is not ready after {spec.ready_within_s:.0f} s: {problem}"
                break
            steps.remind(spec.name)
            # A process that answers without being ready is asked less often: each request delays it.
            await asyncio.sleep(0.1 if problem.startswith("no answer") else 0.5)
    raise UserError(f"The {spec.title} {failure}.", hint=hint, details=tail(log))


async def _problem(
    spec: ProcessSpec, process: subprocess.Popen[bytes], client: httpx2.AsyncClient
) -> str | None:
    try:
        response = await client.get(spec.health_url, timeout=5)
    except httpx2.TransportError as error:
        return f"no answer on port {spec.port} ({type(error).__name__})"
    if response.status_code != 200:
        return f"{response.status_code} {response.text[:200].strip()}"
    # The answer must come from the started process, not from one that took its port in the meantime.
    if not listens(process.pid, spec.port):
        return f"its port {spec.port} was taken by {listener(spec.port)}"
    return None


def is_healthy(url: str) -> bool:
    """Return whether the health URL of a running process answers 200."""
    with httpx2.Client(trust_env=False) as client:
        try:
            return client.get(url, timeout=5).status_code == 200
        except httpx2.TransportError:
            return False


async def wait_for_gateway(url: str, steps: Steps) -> None:
    """Return once the deployed gateway calls its authorizer, which must refuse an invalid token with 403.

    This also starts the authorizer's function, so that the first photo does not wait for it. Raise UserError
    for any other answer.
    """
    text = "gateway and authorizer answer"
    steps.begin("gateway", text)
    # A new token each time: the gateway caches its authorizer's decision by token.
    headers = {"Authorization": f"Bearer none-{time.time_ns()}"}
    async with httpx2.AsyncClient(trust_env=False) as client:
        try:
            response = await client.get(f"{url}/reports", headers=headers, timeout=30)
            answer = f"{response.status_code} {response.text[:200].strip()}"
        except httpx2.TransportError as error:
            answer = f"nothing ({type(error).__name__})"
    if answer.startswith("403 "):
        steps.done("gateway", text)
        return
    steps.failed("gateway", text)
    raise UserError(
        f"The gateway answers {answer} to an invalid token, not 403.",
        hint="See the emulator's log; `python -m local down`, then `up`, starts from an empty emulator.",
    )
