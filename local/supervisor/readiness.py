"""Waits until a started process is ready: as long as it lives and moves, on however slow a machine."""

import asyncio
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import httpx2
import psutil

from cli.errors import UserError
from cli.progress import Steps
from local.home import Home, last_line, tail
from local.supervisor.ports import is_free, listener, listens
from local.supervisor.process_specs import ProcessSpec

# A process is stuck when for so long it uses no CPU, reads and writes nothing, and logs nothing.
QUIET_S = 60.0
# What counts as progress since the last time. A server that is only asked whether it is ready uses less.
_CPU_S, _IO_BYTES = 1.0, 1_000_000


class Progress:
    """Whether a process, with its children, still moves: its CPU time, what it reads and writes, its log."""

    def __init__(self, pid: int, log: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._pid = pid
        self._log = log
        self._clock = clock
        self._seen = self._amounts()
        self._moved_at = clock()

    def quiet_s(self) -> float:
        """Return for how many seconds nothing has moved."""
        now = self._amounts()
        cpu, read_and_written, logged = (abs(a - b) for a, b in zip(now, self._seen, strict=True))
        if cpu >= _CPU_S or read_and_written >= _IO_BYTES or logged:
            self._seen, self._moved_at = now, self._clock()
        return self._clock() - self._moved_at

    def said(self) -> str:
        """Return the last line of the log."""
        return last_line(self._log)

    def _amounts(self) -> tuple[float, float, float]:
        cpu = transferred = 0.0
        with suppress(psutil.Error):
            process = psutil.Process(self._pid)
            for one in (process, *process.children(recursive=True)):
                with suppress(psutil.Error):
                    times = one.cpu_times()
                    cpu += times.user + times.system
                with suppress(psutil.Error, AttributeError):  # macOS has no such counters
                    io = one.io_counters()
                    transferred += getattr(io, "read_chars", io.read_bytes)
                    transferred += getattr(io, "write_chars", io.write_bytes)
        logged = float(self._log.stat().st_size) if self._log.exists() else 0.0
        return cpu, transferred, logged


async def wait_until_ready(
    home: Home, spec: ProcessSpec, process: subprocess.Popen[bytes], steps: Steps
) -> None:
    """Return once a started process is ready; raise UserError with its log when it ends or is stuck."""
    log = home.log(spec.name)
    progress = Progress(process.pid, log)
    hint = f"Its whole log is {log}. `python -m local doctor` checks the usual reasons."
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
            if progress.quiet_s() > QUIET_S:
                failure = f"is not ready and has done nothing for {QUIET_S:.0f} s: {problem}"
                break
            steps.remind(spec.name, progress.said())
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


async def wait_for_gateway(url: str, emulator: Progress, steps: Steps) -> None:
    """Return once the deployed gateway calls its authorizer, which must refuse an invalid token with 403.

    This also starts the authorizer's function, so that the first photo does not wait for it. On a busy
    machine that takes longer than the gateway waits, so it is tried again while the emulator makes progress.
    Raise UserError for any other answer.
    """
    text = "gateway and authorizer answer"
    steps.begin("gateway", text)
    async with httpx2.AsyncClient(trust_env=False) as client:
        while True:
            # A new token each time: the gateway caches its authorizer's decision by token.
            headers = {"Authorization": f"Bearer none-{time.time_ns()}"}
            try:
                response = await client.get(f"{url}/reports", headers=headers, timeout=30)
                status, answer = response.status_code, response.text[:200].strip()
            except httpx2.TransportError as error:
                status, answer = 0, f"nothing ({type(error).__name__})"
            if status == 403:
                steps.done("gateway", text)
                return
            if 0 < status < 500 or emulator.quiet_s() > QUIET_S:
                break
            steps.remind("gateway", f"{status or ''} {answer}".strip())
            await asyncio.sleep(1)
    steps.failed("gateway", text)
    raise UserError(
        f"The gateway answers {status or ''} {answer} to an invalid token, not 403.".replace("  ", " "),
        hint="See the emulator's log; `python -m local down`, then `up`, starts from an empty emulator.",
    )
