"""Deploys environments/local.toml into the emulator with the real CDK: bootstrap, synth, deploy."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path

from cli import cdk
from cli.progress import Steps
from local.home import REPOSITORY, Home
from local.supervisor.configuration import base_env, emulator_env
from local.supervisor.process_specs import fingerprint
from local.supervisor.processes import ProcessRecord, ownership

ACCOUNT = "000000000000"  # the emulator's
# The templates and packages depend on these files, and on services/ without what runs here as a process.
_SOURCES = ("app.py", "cdk.json", "stacks", "settings", "requirements.txt")
_NOT_DEPLOYED = {"analyze"}
_DEPLOY_OPTIONS = ("--method", "direct", "--concurrency", "4", "--progress", "events")


async def deploy_stacks(
    home: Home, emulator: ProcessRecord, region: str, emulator_ready: asyncio.Event, steps: Steps
) -> None:
    """Deploy the stacks if anything changed, and leave their outputs in `home.outputs`.

    `emulator` identifies the process that holds the stacks, which are lost when it ends; `emulator_ready` is
    set once it answers. Raise UserError with the last lines of the CDK's output when a step fails.
    """
    code = fingerprint((), home.environment.read_text("utf-8"), _sources())
    done = _read_state(home)
    instance = f"{emulator.pid} {emulator.started}"
    synthesized = done.get("synthesized") == code and (home.assembly / "manifest.json").is_file()
    if synthesized and done.get("deployed") == [code, instance] and home.outputs.is_file():
        steps.done("stacks", "deployed already, nothing changed")
        return
    environment = {
        **base_env(),
        **emulator_env(emulator.port, region),
        "CDK_DISABLE_CLI_TELEMETRY": "1",
        # The engine of the CDK's own rules takes longer than the synthesis; `make check` applies them.
        "CDK_VALIDATION": "false",
        "NO_COLOR": "1",
    }

    async def run_step(step: str, text: str, done_text: str, command: cdk.CdkCommand) -> None:
        steps.begin(step, text)
        variables = {**environment, **ownership(home, step)}
        await cdk.run_cdk_logged(command, variables, home.log(step), lambda: steps.remind(step))
        steps.done(step, done_text)

    async def synth() -> None:
        if not synthesized:
            command = cdk.synth(str(home.environment), home.assembly)
            await run_step("synth", "synthesizing the CDK app", "synthesized", command)
            _write_state(home, {"synthesized": code})

    async def bootstrap() -> None:
        await emulator_ready.wait()
        if done.get("bootstrapped") != instance:
            command = cdk.bootstrap(ACCOUNT, region)
            await run_step("bootstrap", "bootstrapping the emulator", "bootstrapped", command)

    home.outputs.unlink(missing_ok=True)  # they belong to the stacks that are replaced now
    async with asyncio.TaskGroup() as group:
        group.create_task(synth())
        group.create_task(bootstrap())
    command = cdk.deploy(home.assembly, outputs=home.outputs, options=_DEPLOY_OPTIONS)
    await run_step("deploy", "deploying the stacks", "deployed", command)
    _write_state(home, {"synthesized": code, "bootstrapped": instance, "deployed": [code, instance]})


def _sources() -> list[Path]:
    services = [
        path for path in sorted((REPOSITORY / "services").iterdir()) if path.name not in _NOT_DEPLOYED
    ]
    return [*services, *(REPOSITORY / name for name in _SOURCES)]


def _read_state(home: Home) -> dict[str, object]:
    try:
        content = json.loads((home.state / "deployment.json").read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _write_state(home: Home, content: Mapping[str, object]) -> None:
    (home.state / "deployment.json").write_text(json.dumps(content), "utf-8")
