"""The image of a commit is built and pushed once; the tool is a real process that notes how it was called."""

import base64
import subprocess
from pathlib import Path
from typing import Any

import pytest
from botocore.stub import Stubber

from cli.errors import UserError
from ops.commands.image import image
from settings.environment import Environment
from tests.ops.conftest import Stubbed

NAME, HOST = "vitrine-shop-analyze", "123456789012.dkr.ecr.ca-central-1.amazonaws.com"
DIGEST = f"sha256:{'b' * 64}"
TOOL = """#!/bin/sh
echo "$(basename "$0") $*" >>"{folder}/calls"
case " $* " in *--password-stdin*) cat >"{folder}/password" ;; esac
exit {status}
"""


@pytest.fixture
def tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder on PATH in which a test puts its tools."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", f"{folder}:/usr/bin:/bin")
    return folder


def put(folder: Path, tool: str, status: int = 0) -> None:
    (folder / tool).write_text(TOOL.format(folder=folder, status=status))
    (folder / tool).chmod(0o755)


def calls(folder: Path) -> list[str]:
    file = folder / "calls"
    return file.read_text().splitlines() if file.exists() else []


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    root = tmp_path / "checkout"
    root.mkdir()
    (root / "file").write_text("one")
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    for arguments in (["init", "--quiet"], ["add", "."], [*identity, "commit", "--quiet", "-m", "one"]):
        subprocess.run(["git", *arguments], cwd=root, check=True)
    return root


@pytest.fixture
def commit(checkout: Path) -> str:
    done = subprocess.run(
        ["git", "rev-parse", "HEAD"], cwd=checkout, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def repository(stub: Stubber) -> None:
    answer: dict[str, Any] = {"repositoryName": NAME, "repositoryUri": f"{HOST}/{NAME}"}
    stub.add_response("describe_repositories", {"repositories": [answer]}, {"repositoryNames": [NAME]})


def pushed(stub: Stubber, commit: str) -> None:
    params = {"repositoryName": NAME, "imageIds": [{"imageTag": commit}]}
    stub.add_response("describe_images", {"imageDetails": [{"imageDigest": DIGEST}]}, params)


def fresh(stub: Stubber) -> None:
    repository(stub)
    stub.add_client_error("describe_images", "ImageNotFoundException")
    token = base64.b64encode(b"AWS:the-password").decode()
    stub.add_response("get_authorization_token", {"authorizationData": [{"authorizationToken": token}]}, {})


@pytest.mark.parametrize("tool", ["docker", "podman", "buildah"])
def test_commit_is_built_and_pushed(
    settings: Environment, stubbed: Stubbed, tools: Path, checkout: Path, commit: str, tool: str
) -> None:
    put(tools, tool)
    ecr, stub = stubbed("ecr")
    fresh(stub)
    pushed(stub, commit)
    lines: list[str] = []
    assert image(settings, ecr, lines.append, checkout) == DIGEST
    login, build, *push = calls(tools)
    assert login == f"{tool} login --username AWS --password-stdin {HOST}"
    uri = f"{HOST}/{NAME}:{commit}"
    assert f"--platform linux/arm64 --file services/analyze/Dockerfile --tag {uri}" in build
    assert f"org.opencontainers.image.revision={commit}" in build
    if tool == "docker":
        assert build.startswith("docker buildx build ") and "--push" in build
        assert push == []
    else:
        assert push == [f"{tool} push {uri}"]
    assert (tools / "password").read_text() == "the-password"
    assert not any("the-password" in line for line in [*calls(tools), *lines])


def test_tool_may_be_named(
    settings: Environment,
    stubbed: Stubbed,
    tools: Path,
    checkout: Path,
    commit: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    put(tools, "docker")
    put(tools, "finch")
    monkeypatch.setenv("CONTAINER_TOOL", "finch")
    ecr, stub = stubbed("ecr")
    fresh(stub)
    pushed(stub, commit)
    image(settings, ecr, lambda text: None, checkout)
    assert {call.split()[0] for call in calls(tools)} == {"finch"}


def test_pushed_image_is_not_rebuilt(
    settings: Environment, stubbed: Stubbed, tools: Path, checkout: Path, commit: str
) -> None:
    put(tools, "docker")
    ecr, stub = stubbed("ecr")
    repository(stub)
    pushed(stub, commit)
    lines: list[str] = []
    assert image(settings, ecr, lines.append, checkout) == DIGEST
    assert calls(tools) == []
    assert "pushed already" in lines[0]


@pytest.mark.parametrize("name", ["file", "new"])
def test_uncommitted_tree_is_refused(
    settings: Environment, stubbed: Stubbed, checkout: Path, name: str
) -> None:
    (checkout / name).write_text("two")
    with pytest.raises(UserError, match=f"differs from its commit: .*{name}"):
        image(settings, stubbed("ecr")[0], lambda text: None, checkout)


def test_missing_repository_is_reported(settings: Environment, stubbed: Stubbed, checkout: Path) -> None:
    ecr, stub = stubbed("ecr")
    stub.add_client_error("describe_repositories", "RepositoryNotFoundException")
    with pytest.raises(UserError, match=f"no repository {NAME}") as raised:
        image(settings, ecr, lambda text: None, checkout)
    assert "make deploy ENV=shop" in raised.value.hint


def test_failed_build_is_reported(
    settings: Environment, stubbed: Stubbed, tools: Path, checkout: Path
) -> None:
    put(tools, "podman", status=7)
    ecr, stub = stubbed("ecr")
    fresh(stub)
    with pytest.raises(UserError, match=r"podman login .* ended with status 7"):
        image(settings, ecr, lambda text: None, checkout)


def test_missing_tool_is_reported(
    settings: Environment, stubbed: Stubbed, checkout: Path, tools: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CONTAINER_TOOL", "no-such-tool")
    ecr, stub = stubbed("ecr")
    repository(stub)
    stub.add_client_error("describe_images", "ImageNotFoundException")
    with pytest.raises(UserError, match="no-such-tool is not installed"):
        image(settings, ecr, lambda text: None, checkout)


def test_folder_without_git_is_reported(settings: Environment, stubbed: Stubbed, tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"git status: .*not a git repository"):
        image(settings, stubbed("ecr")[0], lambda text: None, tmp_path)
