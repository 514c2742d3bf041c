"""The image is in our repository, or this machine can build it."""

import platform
from pathlib import Path

import pytest

from ops.doctor import references
from settings.environment import Environment
from tests.ops.conftest import Stubbed

DIGEST = f"sha256:{'a' * 64}"
PARAMS = {"repositoryName": "vitrine-shop-analyze", "imageIds": [{"imageDigest": DIGEST}]}


def test_pushed_image_is_ok(settings: Environment, stubbed: Stubbed) -> None:
    ecr, stub = stubbed("ecr")
    stub.add_response("describe_images", {"imageDetails": [{"imageDigest": DIGEST}]}, PARAMS)
    (finding,) = references.pushed(settings, DIGEST, ecr)
    assert finding.level == "ok"


@pytest.mark.parametrize("code", ["ImageNotFoundException", "RepositoryNotFoundException"])
def test_missing_image_fails(settings: Environment, stubbed: Stubbed, code: str) -> None:
    ecr, stub = stubbed("ecr")
    stub.add_client_error("describe_images", code)
    (finding,) = references.pushed(settings, DIGEST, ecr)
    assert (finding.level, "make image ENV=shop" in finding.hint) == ("failure", True)


def test_without_docker_no_image_is_built(settings: Environment, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    (finding,) = references.buildable(settings)
    assert (finding.level, "CDK_DOCKER" in finding.hint) == ("failure", True)


@pytest.mark.parametrize(
    ("system", "machine", "registered", "level"),
    [
        ("Linux", "x86_64", False, "warning"),
        ("Linux", "x86_64", True, "ok"),
        ("Linux", "aarch64", False, "ok"),
        ("Darwin", "x86_64", False, "ok"),  # Docker Desktop brings its own
    ],
)
def test_other_architecture_needs_emulation(
    settings: Environment,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    system: str,
    machine: str,
    registered: bool,
    level: str,
) -> None:
    tool, interpreter = tmp_path / "finch", tmp_path / "qemu-aarch64"
    tool.write_text("#!/bin/sh\n")
    tool.chmod(0o755)
    if registered:
        interpreter.touch()
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CDK_DOCKER", "finch")
    monkeypatch.setattr(references, "_INTERPRETER", interpreter)
    monkeypatch.setattr(platform, "system", lambda: system)
    monkeypatch.setattr(platform, "machine", lambda: machine)
    (finding,) = references.buildable(settings)
    assert finding.level == level
