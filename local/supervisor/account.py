"""The account that the emulator provides: its clients, the deployment of the stacks, outputs and secrets."""

import asyncio
import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from urllib.parse import urlsplit

from cli import cdk
from cli.errors import UserError
from cli.progress import Steps
from local.home import REPOSITORY, Home, last_line
from local.supervisor.configuration import base_env, emulator_env
from local.supervisor.process_specs import fingerprint
from local.supervisor.processes import ProcessRecord, ownership, records

ACCOUNT = "000000000000"  # the emulator's
# The templates and packages depend on these files, and on services/ without what runs here as a process.
_SOURCES = ("app.py", "cdk.json", "stacks", "settings", "requirements.txt")
_CDK_EXPORT = "ExportsOutput"
_NOT_DEPLOYED = {"analyze"}
_DEPLOY_OPTIONS = ("--method", "direct", "--concurrency", "4", "--progress", "events")


def aws_client(service: str, port: int, region: str) -> Any:
    """Return a boto3 client for a service of the emulator on `port`."""
    import boto3  # takes 0.3 s, and most commands need no client
    from botocore.config import Config

    env = emulator_env(port, region)
    session: Any = boto3.Session(env["AWS_ACCESS_KEY_ID"], env["AWS_SECRET_ACCESS_KEY"], region_name=region)
    return session.client(service, endpoint_url=env["AWS_ENDPOINT_URL"], config=Config(proxies={}))


async def deploy_stacks(
    home: Home, emulator: ProcessRecord, region: str, emulator_ready: asyncio.Event, steps: Steps
) -> None:
    """Deploy the stacks if anything changed, and leave their outputs in `home.outputs`.

    `emulator` identifies the process that holds the stacks, which are lost when it ends; `emulator_ready` is
    set once it answers. Raise UserError with the last lines of the CDK's output when a step fails.
    """
    services = [path for path in (REPOSITORY / "services").iterdir() if path.name not in _NOT_DEPLOYED]
    sources = [*sorted(services), *(REPOSITORY / name for name in _SOURCES)]
    code = fingerprint((), home.environment.read_text("utf-8"), sources)
    state = home.state / "deployment.json"
    done: dict[str, object] = {}
    with suppress(FileNotFoundError, ValueError):
        done = json.loads(state.read_text("utf-8"))
    instance = f"{emulator.pid} {emulator.started}"
    synthesized = done.get("synthesized") == code and (home.assembly / "manifest.json").is_file()
    if synthesized and done.get("deployed") == [code, instance] and home.outputs.is_file():
        steps.done("stacks", "deployed already, nothing changed")
        return
    environment = {
        **base_env(),
        **emulator_env(emulator.port, region),
        "CDK_DISABLE_CLI_TELEMETRY": "1",
        "NO_COLOR": "1",
    }

    async def run_step(step: str, text: str, done_text: str, command: cdk.CdkCommand) -> None:
        steps.begin(step, text)
        variables = {**environment, **ownership(home, step)}
        log = home.log(step)
        await cdk.run_cdk_logged(command, variables, log, lambda: steps.remind(step, last_line(log)))
        steps.done(step, done_text)

    async def synth() -> None:
        if not synthesized:
            command = cdk.synth(str(home.environment), home.assembly)
            await run_step("synth", "synthesizing the CDK app", "synthesized", command)
            state.write_text(json.dumps({"synthesized": code}), "utf-8")

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
    finished = {"synthesized": code, "bootstrapped": instance, "deployed": [code, instance]}
    state.write_text(json.dumps(finished), "utf-8")


def stack_outputs(home: Home) -> dict[str, str]:
    """Return the outputs of all stacks in one mapping, without the CDK's exports from stack to stack.

    Raise UserError when nothing is deployed.

    The emulator names the gateway by host (`<id>.execute-api.localhost`), which not every system resolves;
    `ApiUrl` is the emulator's equivalent address by path.
    """
    emulator = records(home).get("emulator")
    if emulator is None or emulator.process() is None or not home.outputs.is_file():
        raise UserError("Nothing is deployed on this machine.", hint="Run `python -m local up`.")
    stacks: dict[str, dict[str, str]] = json.loads(home.outputs.read_text("utf-8"))
    outputs = {
        name: value
        for stack in stacks.values()
        for name, value in stack.items()
        if not name.startswith(_CDK_EXPORT)
    }
    if "ApiUrl" in outputs:
        outputs["ApiUrl"] = url_by_path(outputs["ApiUrl"], emulator.port)
    return outputs


def url_by_path(url: str, port: int) -> str:
    """Return the address by path of an API that the emulator names by host; return other URLs unchanged."""
    host = urlsplit(url).hostname or ""
    identifier, dot, rest = host.partition(".")
    if not dot or not rest.startswith("execute-api."):
        return url
    return f"http://127.0.0.1:{port}/_aws/execute-api/{identifier}/$default"


def store_secrets(port: int, region: str, values: Mapping[str, str]) -> None:
    """Create or update secrets, given by name, in the emulator on `port`."""
    client = aws_client("secretsmanager", port, region)
    for name, value in values.items():
        try:
            client.create_secret(Name=name, SecretString=value)
        except client.exceptions.ResourceExistsException:
            client.put_secret_value(SecretId=name, SecretString=value)
