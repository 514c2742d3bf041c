"""Whether processes answer: waiting until they do, and the table of `python -m local status`."""

import asyncio
import subprocess
import time

import httpx2
from rich.console import Console
from rich.table import Table

from cli.errors import UserError
from cli.progress import Steps
from local.home import Home, tail
from local.supervisor import ports, processes
from local.supervisor.process_specs import HEALTH, ProcessSpec


async def wait_until_ready(
    home: Home, spec: ProcessSpec, process: subprocess.Popen[bytes], steps: Steps
) -> None:
    """Return once a started process is ready; raise UserError with its log when it ends or takes too long."""
    deadline = time.monotonic() + spec.ready_within_s
    # trust_env off: a proxy in the caller's shell must not stand between us and loopback.
    async with httpx2.AsyncClient(trust_env=False) as client:
        while (problem := await _problem(spec, process, client)) is not None:
            if (status := process.poll()) is not None:
                raise _failure(home, spec, f"ended with status {status} before it was ready")
            if time.monotonic() > deadline:
                raise _failure(home, spec, f"is not ready after {spec.ready_within_s:.0f} s: {problem}")
            steps.remind(spec.name)
            # A process that answers without being ready is asked less often: each request delays it.
            await asyncio.sleep(0.1 if problem.startswith("no answer") else 0.5)


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
    if not ports.listens(process.pid, spec.port):
        return f"its port {spec.port} was taken by {ports.listener(spec.port)}"
    return None


def _failure(home: Home, spec: ProcessSpec, problem: str) -> UserError:
    log = home.log(spec.name)
    return UserError(
        f"The {spec.title} {problem}.",
        hint=f"Its whole log is {log}. `python -m local doctor` checks the usual reasons.",
        details=tail(log),
    )


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
        except httpx2.TransportError as error:
            answer = f"nothing ({type(error).__name__})"
        else:
            answer = f"{response.status_code} {response.text[:200].strip()}"
            if response.status_code == 403:
                steps.done("gateway", text)
                return
    steps.failed("gateway", text)
    raise UserError(
        f"The gateway answers {answer} to an invalid token, not 403.",
        hint="See the emulator's log; `python -m local down`, then `up`, starts from an empty emulator.",
    )


def print_status(home: Home) -> int:
    """Print the state of each process; return 0 when all are ready, else 1."""
    console = Console(highlight=False)
    records = processes.records(home)
    table = Table("process", "state", "address", "pid", "up for", box=None, header_style="bold")
    failing: list[str] = []
    expected = ports.process_names(home.saved_mode())
    for name in expected:
        record = records.get(name)
        if record is None:
            table.add_row(name, "[dim]not started[/dim]")
            continue
        address = f"http://127.0.0.1:{record.port}"
        if record.process() is None:
            failing.append(name)
            table.add_row(name, "[red]ended[/red]", f"[dim]{address}[/dim]", "", "")
            continue
        ready = is_healthy(f"{address}{HEALTH[name]}")
        state = "[green]ready[/green]" if ready else "[yellow]does not answer[/yellow]"
        table.add_row(name, state, address, str(record.pid), f"{time.time() - record.started:.0f} s")
        if not ready:
            failing.append(name)
    console.print(table)
    console.print(f"Logs: {home.log('*')}", style="dim", soft_wrap=True)
    for name in failing:
        console.print(f"\nLast lines of {name}:")
        for line in tail(home.log(name), 8):
            console.print(f"  │ {line}", markup=False)
    if failing:
        console.print("\n`python -m local up` restarts these processes.")
    return 0 if not failing and records.keys() >= set(expected) else 1
