"""Whether a part answers, and waiting until it does."""

import asyncio
import subprocess
import time

import httpx2

from cli.errors import UserError
from local.home import Home, tail
from local.supervisor import ports
from local.supervisor.process_specs import Part
from local.supervisor.progress import Progress


async def wait(home: Home, part: Part, process: subprocess.Popen[bytes], progress: Progress) -> None:
    """Return once a started part is ready; raise LocalError with its log when it ends or takes too long."""
    deadline = time.monotonic() + part.patience_s
    # trust_env off: a proxy in the caller's shell must not stand between us and loopback.
    async with httpx2.AsyncClient(trust_env=False) as client:
        while (lacking := await _lacking(part, process, client)) is not None:
            if (status := process.poll()) is not None:
                raise _failure(home, part, f"ended with status {status} before it was ready")
            if time.monotonic() > deadline:
                raise _failure(home, part, f"is not ready after {part.patience_s:.0f} s: {lacking}")
            progress.remind(part.name)
            # Asking a part that answers, but is not ready, costs it time that it could get ready in.
            await asyncio.sleep(0.1 if lacking.startswith("no answer") else 0.5)


async def _lacking(part: Part, process: subprocess.Popen[bytes], client: httpx2.AsyncClient) -> str | None:
    try:
        response = await client.get(part.health_url, timeout=5)
    except httpx2.TransportError as error:
        return f"no answer on port {part.port} ({type(error).__name__})"
    if response.status_code != 200:
        return f"{response.status_code} {response.text[:200].strip()}"
    # Whoever answers must be the process that was started, not one that took its port meanwhile.
    if not ports.listens(process.pid, part.port):
        return f"its port {part.port} was taken by {ports.holder(part.port)}"
    return None


def _failure(home: Home, part: Part, what: str) -> UserError:
    log = home.log(part.name)
    return UserError(
        f"The {part.title} {what}.",
        hint=f"Its whole log is {log}. `python -m local doctor` knows the usual reasons.",
        details=tail(log),
    )


async def gateway(url: str, progress: Progress) -> None:
    """Return once the deployed gateway asks its authorizer, and the authorizer refuses a token that is none.

    The authorizer's first answer takes a second or two, better spent here than on the first photo. Raise
    LocalError when anything else is answered.
    """
    progress.begin("gateway", "gateway and authorizer answer")
    # Another one each time: the gateway remembers what its authorizer said of a token.
    headers = {"Authorization": f"Bearer none-{time.time_ns()}"}
    async with httpx2.AsyncClient(trust_env=False) as client:
        try:
            response = await client.get(f"{url}/reports", headers=headers, timeout=30)
        except httpx2.TransportError as error:
            said = f"nothing ({type(error).__name__})"
        else:
            said = f"{response.status_code} {response.text[:200].strip()}"
            if response.status_code == 403:
                progress.done("gateway", "gateway and authorizer answer")
                return
    progress.failed("gateway", "gateway and authorizer answer")
    raise UserError(
        f"The gateway answers {said} to a token that is none, not 403.",
        hint="Look into the emulator's log; `python -m local down` and `up` begin afresh.",
    )
