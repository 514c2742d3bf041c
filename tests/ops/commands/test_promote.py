"""An image goes from one environment to another with its digest."""

import tomllib
from pathlib import Path

import pytest

from cli.errors import UserError
from ops.commands import promote
from settings.environment import FOLDER, Environment
from tests.ops.commands.test_image import (
    DIGEST,
    HOST,
    NAME,
    calls,
    checkout,
    commit,
    fresh,
    pushed,
    put,
    repository,
    tools,
)
from tests.ops.conftest import Stubbed

__all__ = ["checkout", "commit", "tools"]
OTHER = f"sha256:{'c' * 64}"


def test_saved_image_keeps_its_digest(
    settings: Environment, stubbed: Stubbed, tools: Path, tmp_path: Path
) -> None:
    put(tools, "skopeo")
    ecr, stub = stubbed("ecr")
    repository(stub)
    stub.add_response(
        "get_authorization_token",
        {"authorizationData": [{"authorizationToken": "QVdTOnRoZS1wYXNzd29yZA=="}]},
        {},
    )
    promote.save(settings, ecr, DIGEST, tmp_path / "image", tmp_path)
    login, copy = calls(tools)
    assert login == f"skopeo login --username AWS --password-stdin {HOST}"
    assert copy == f"skopeo copy --preserve-digests docker://{HOST}/{NAME}@{DIGEST} dir:{tmp_path}/image"
    assert (tools / "password").read_text() == "the-password"


def test_promoted_image_has_the_commits_tag(
    settings: Environment, stubbed: Stubbed, tools: Path, checkout: Path, commit: str
) -> None:
    put(tools, "skopeo")
    ecr, stub = stubbed("ecr")
    fresh(stub)
    pushed(stub, commit)
    (checkout / "file").write_text("the digest of dev, written by `image`")
    promote.promote(settings, ecr, DIGEST, Path("/image"), lambda _: None, checkout)
    assert calls(tools)[1] == f"skopeo copy --preserve-digests dir:/image docker://{HOST}/{NAME}:{commit}"
    assert not any("the-password" in call for call in calls(tools))


def test_missing_image_is_not_replaced(
    settings: Environment, stubbed: Stubbed, tools: Path, checkout: Path, commit: str
) -> None:
    ecr, stub = stubbed("ecr")
    repository(stub)
    stub.add_client_error("describe_images", "ImageNotFoundException")
    with pytest.raises(UserError, match=f":{commit} is not there, and no folder with it is given") as raised:
        promote.promote(settings, ecr, DIGEST, None, lambda _: None, checkout)
    assert "run all jobs again" in raised.value.hint
    assert calls(tools) == []


def test_another_image_under_the_tag_is_refused(
    settings: Environment, stubbed: Stubbed, checkout: Path, commit: str
) -> None:
    ecr, stub = stubbed("ecr")
    repository(stub)
    pushed(stub, commit)
    pushed(stub, commit)
    with pytest.raises(UserError, match=f"has the digest {DIGEST}, not {OTHER}"):
        promote.promote(settings, ecr, OTHER, Path("/image"), lambda _: None, checkout)


def test_digest_goes_into_the_settings(tmp_path: Path) -> None:
    file = tmp_path / "prod.toml"
    file.write_bytes((FOLDER / "prod.toml").read_bytes())
    promote.write_digest(str(file), DIGEST, lambda _: None)
    promote.write_digest(str(file), OTHER, lambda _: None)
    assert tomllib.loads(file.read_text("utf-8"))["image_digest"] == OTHER
