"""What the locks say of a deployment: hashes, a bill of materials, and the base images beside them."""

import json
import re
from pathlib import Path

import pytest

from cli.cdk import ROOT
from cli.errors import UserError
from supply_chain.base_images import newest_digest, outdated
from supply_chain.deployables import DEPLOYABLES, Deployable, pins
from supply_chain.hashes import missing_hashes, stale_pins
from supply_chain.sbom import write_sboms

HASH = "a" * 64
OLD, NEW = f"sha256:{'b' * 64}", f"sha256:{'c' * 64}"


def test_every_service_has_a_lock() -> None:
    locks = {path.parent.name for path in (ROOT / "services").glob("*/requirements.txt")}
    assert locks == {one.name for one in DEPLOYABLES} - {"model"}


def test_package_without_hash_is_named(tmp_path: Path) -> None:
    lock = tmp_path / "requirements.txt"
    lock.write_text(f"one==1.0 ; sys_platform == 'linux' \\\n    --hash=sha256:{HASH}\ntwo==2.0\n")
    (finding,) = missing_hashes([Deployable("service", lock)], [])
    assert (finding.text, finding.hint) == ("two==2.0 has no hash", "Run `make lock`.")
    assert missing_hashes([], [lock]) == [finding]


def test_lock_of_the_set_up_follows(tmp_path: Path) -> None:
    (tmp_path / "more.txt").write_text(f"Two_Parts==2.0 \\\n    --hash=sha256:{HASH}\n")
    (tmp_path / "requirements.txt").write_text("-r more.txt\nuv==1.1  # it sets up\nextra[x]==3.0\n")
    (tmp_path / "bootstrap.lock").write_text("uv==1.0\n")
    (tmp_path / "all.lock").write_text("uv==1.1\ntwo-parts==2.0\nand-more==4.0\n")
    set_up = [tmp_path / "bootstrap.lock", tmp_path / "all.lock"]
    assert [finding.text for finding in stale_pins(tmp_path / "requirements.txt", set_up)] == [
        "uv==1.1 is required, and is not in it",
        "extra==3.0 is required, and is not in it",
    ]


@pytest.mark.parametrize("line", ["one", "one>=1.0", "one>=1.0,<2"])
def test_open_version_is_refused(tmp_path: Path, line: str) -> None:
    (tmp_path / "lock").write_text(f"{line}\n")
    with pytest.raises(ValueError, match="names no exact version"):
        pins(tmp_path / "lock")


def test_bill_of_materials_lists_the_lock(tmp_path: Path) -> None:
    authorizer = next(one for one in DEPLOYABLES if one.name == "authorizer")
    service, page = write_sboms(tmp_path, [authorizer])
    components = json.loads(service.read_text("utf-8"))["components"]
    assert {(one["name"], one["version"]) for one in components} == {
        (pin.name, pin.version) for pin in pins(authorizer.lock)
    }
    assert all(one["purl"].startswith("pkg:pypi/") for one in components)
    names = {one["purl"].partition("@")[0] for one in json.loads(page.read_text("utf-8"))["components"]}
    assert "pkg:npm/preact" in names
    assert not {"pkg:npm/typescript", "pkg:npm/vite"} & names  # they build it
    assert not any(re.search(r"@[^/]+/", name) for name in names)  # a scope is written %40


def test_newer_base_image_is_reported(tmp_path: Path) -> None:
    dockerfile = tmp_path / "Dockerfile"
    dockerfile.write_text(f"ARG BASE=python:3.13-slim@{OLD}\nFROM ${{BASE}}\n")
    assert outdated([dockerfile], lambda _: OLD) == []
    (finding,) = outdated([dockerfile], lambda _: NEW)
    assert finding.text == f"python:3.13-slim is {NEW} now, pinned is {OLD}"


def test_every_dockerfile_pins_its_base() -> None:
    ours = [file for room in ("services", "model_artifacts") for file in (ROOT / room).rglob("Dockerfile")]
    assert len(outdated(newest=lambda _: NEW)) == len(ours)


@pytest.mark.parametrize(("status", "digest"), [(0, NEW), (1, None)])
def test_registry_is_asked_by_docker(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int, digest: str | None
) -> None:
    docker = tmp_path / "docker"
    docker.write_text(
        f"""#!/bin/sh\necho "$*" >{tmp_path}/call\necho '{{"digest": "{NEW}"}}'\nexit {status}\n"""
    )
    docker.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    if digest is None:
        with pytest.raises(UserError, match="python:3"):
            newest_digest("python:3")
    else:
        assert newest_digest("python:3") == digest
        call = "buildx imagetools inspect python:3 --format {{json .Manifest}}"
        assert (tmp_path / "call").read_text().strip() == call
