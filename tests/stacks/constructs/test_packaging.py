"""How a Lambda's code is packaged: only what it needs, from the lock, never by Docker."""

import ast
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from stacks.constructs import packaging
from stacks.constructs.packaging import HOST_PLATFORM, LAMBDA_PLATFORM, ROOT

AUTHORIZER = ROOT / "services" / "authorizer"
# What a requirement is imported as, where that is not its own name; boto3 is part of Lambda's runtime.
IMPORTED_AS = {"pyjwt": "jwt", "python-json-logger": "pythonjsonlogger"}
RUNTIME = {"boto3"}


def sources() -> list[Path]:
    return packaging.package_sources(AUTHORIZER)


def imports(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def bundling(tmp_path: Path) -> packaging._UvBundling:
    return packaging._UvBundling(sources(), AUTHORIZER / "requirements.txt", LAMBDA_PLATFORM)


def test_the_package_holds_all_that_the_authorizer_imports() -> None:
    requirements = {
        line.partition("==")[0] for line in (AUTHORIZER / "requirements.txt").read_text().splitlines()
    }
    packages = {IMPORTED_AS.get(name, name.replace("-", "_")) for name in requirements}
    modules = {".".join(file.relative_to(ROOT).with_suffix("").parts) for file in sources()}
    for module in set().union(*map(imports, sources())):
        top = module.partition(".")[0]
        if top == "services":
            assert module in modules, module
        else:
            assert top in packages | RUNTIME | sys.stdlib_module_names, module


def test_nothing_else_of_the_library_is_shipped() -> None:
    core = {file.name for file in sources() if file.parent.name == "core"}
    assert core == {"__init__.py", "errors.py", "identity.py", "jwks.py"}


def test_the_hash_changes_with_the_platform_the_lock_and_the_sources(tmp_path: Path) -> None:
    files = [AUTHORIZER / "handler.py", AUTHORIZER / "requirements.txt"]
    one = packaging._fingerprint(files, LAMBDA_PLATFORM)
    assert packaging._fingerprint(files, LAMBDA_PLATFORM) == one
    assert packaging._fingerprint(files, HOST_PLATFORM) != one
    assert packaging._fingerprint(files[:1], LAMBDA_PLATFORM) != one


def test_only_wheels_of_lambdas_platform_are_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    assert bundling(tmp_path).try_bundle(str(tmp_path)) is True
    (command,) = commands
    assert Path(command[0]).name.startswith("uv")
    assert " ".join(command).endswith(
        "--only-binary :all: --python-platform aarch64-manylinux_2_28 --python-version 3.14"
    )
    shipped = {file.relative_to(tmp_path).as_posix() for file in tmp_path.rglob("*") if file.is_file()}
    assert shipped == {file.relative_to(ROOT).as_posix() for file in sources()}


def test_a_failed_installation_says_why_and_never_asks_for_docker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = subprocess.CompletedProcess([], 2, "", "error: no such wheel\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(RuntimeError, match=r"services/authorizer/requirements\.txt: .*no such wheel"):
        bundling(tmp_path).try_bundle(str(tmp_path))
