"""Packaging of a Lambda: its files, its locked requirements, no Docker."""

import subprocess
from pathlib import Path
from typing import Any

import pytest

from stacks.constructs import packaging
from stacks.constructs.packaging import HOST_PLATFORM, LAMBDA_PLATFORM, ROOT

AUTHORIZER = ROOT / "services" / "authorizer"


def sources() -> list[Path]:
    return packaging.package_sources(AUTHORIZER)


def bundling(tmp_path: Path) -> packaging._UvBundling:
    return packaging._UvBundling(sources(), AUTHORIZER / "requirements.txt", LAMBDA_PLATFORM)


def test_hash_covers_platform_and_files(tmp_path: Path) -> None:
    files = [AUTHORIZER / "handler.py", AUTHORIZER / "requirements.txt"]
    one = packaging._fingerprint(files, LAMBDA_PLATFORM)
    assert packaging._fingerprint(files, LAMBDA_PLATFORM) == one
    assert packaging._fingerprint(files, HOST_PLATFORM) != one
    assert packaging._fingerprint(files[:1], LAMBDA_PLATFORM) != one


def test_only_lambda_wheels_are_installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
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


def test_failed_installation_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 2, "", "error: no such wheel\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(RuntimeError, match=r"services/authorizer/requirements\.txt: .*no such wheel"):
        bundling(tmp_path).try_bundle(str(tmp_path))
