"""A deployment into an account, as far as the emulator supports it: the storage, but no SageMaker."""

import hashlib
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from catalogue import DRAWN, load
from cli import cdk
from local.home import REPOSITORY, TOOLS
from local.supervisor import processes
from local.supervisor.configuration import base_env, emulator_env
from settings.environment import load_environment
from stacks.app import synthesize
from tests.ops.archives import pack
from tests.system.running import System

REGION = "ca-central-1"


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    version = load(DRAWN).version
    # More than one part of an upload.
    return pack(tmp_path / "blip2-endpoint.tar.gz", version, weights=os.urandom(20_000_000))


@pytest.fixture
def key(archive: Path) -> str:
    return f"models/{hashlib.sha256(archive.read_bytes()).hexdigest()}/{archive.name}"


@pytest.fixture
def environment(tmp_path: Path, key: str) -> Iterator[Path]:
    """An environment for an account, with a model archive of its own."""
    text = (REPOSITORY / "environments" / "dev.toml").read_text("utf-8")
    for old, new in (
        ('artifact = "demo"', f'artifact = "{key}"'),
        ("your-project.supabase.invalid", "shop.supabase.example"),
        ("sb_publishable_your_key", "sb_publishable_1"),
    ):
        assert old in text
        text = text.replace(old, new)
    path = tmp_path / "trial.toml"
    path.write_text(text, "utf-8")
    yield path
    shutil.rmtree(TOOLS / "assembly-trial", ignore_errors=True)


@pytest.fixture
def account(system: System, tmp_path: Path) -> dict[str, str]:
    """The variables that lead to the emulator; the path has a fake Docker, which no step calls."""
    docker = tmp_path / "bin" / "docker"
    docker.parent.mkdir()
    docker.write_text("#!/bin/sh\nexit 1\n")
    docker.chmod(0o755)
    given = {**base_env(), **emulator_env(processes.records(system.home)["emulator"].port, REGION)}
    return {**given, "PATH": f"{docker.parent}{os.pathsep}{given['PATH']}"}


@pytest.fixture
def client(account: dict[str, str]) -> Any:
    session = boto3.Session(
        account["AWS_ACCESS_KEY_ID"], account["AWS_SECRET_ACCESS_KEY"], region_name=REGION
    )
    return lambda service: session.client(service, endpoint_url=account["AWS_ENDPOINT_URL"])


def transcript(said: str, archive: Path) -> str:
    """What a deployment said, without the lines of single resources, exports and folders of this machine."""
    lines = [line for line in said.splitlines() if " | CREATE_" not in line and ".ExportsOutput" not in line]
    text = re.sub(r"\n{3,}", "\n\n", "\n".join(lines))
    return text.replace(str(REPOSITORY), ".").replace(str(archive.parent), ".") + "\n"


def steps(text: str) -> list[str]:
    """The steps of a deployment, and the stacks in their order."""
    return re.findall(r"(?<=─ )\d/\d [^─]+?(?= ─)|(?<=^Supply a stack id )\(.*?\)", text, re.MULTILINE)


def test_archive_is_uploaded_before_the_model(
    environment: Path, archive: Path, key: str, account: dict[str, str], client: Any, tmp_path: Path
) -> None:
    for name in load_environment("dev").secret_names():
        client("secretsmanager").create_secret(Name=name, SecretString="key")
    command = [sys.executable, "-m", "ops", "deploy", "--yes", "--env", str(environment)]
    done = subprocess.run(
        [*command, "--artifact", str(archive)],
        cwd=REPOSITORY,
        env=account,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        timeout=900,
        check=False,
    )
    said = done.stdout
    assert done.returncode == 1, said
    order = [
        "Ready to be deployed",
        "✅  vitrine-trial-storage\n",
        f"/{key}, 20 MB",
        "✅  vitrine-trial-storage (no changes)",
        # From the model or the analyze stack, deployed side by side: the emulator supports neither.
        "Unrecognized resource types: [",
    ]
    found = [said.find(text) for text in order]
    assert -1 not in found and found == sorted(found), said
    bucket = client("ssm").get_parameter(Name="/vitrine/trial/artifact-bucket")["Parameter"]["Value"]
    assert client("s3").get_object(Bucket=bucket, Key=key)["Body"].read() == archive.read_bytes()
    kept, new = REPOSITORY / "docs" / "deployment-transcript.txt", tmp_path / "deployment-transcript.txt"
    new.write_text(transcript(said, archive), "utf-8")
    assert steps(new.read_text("utf-8")) == steps(kept.read_text("utf-8")), f"replace {kept} by {new}"


def sections(text: str, *names: str) -> str:
    """Return settings without these sections."""
    return "\n\n".join(part for part in text.split("\n\n") if not part.startswith(tuple(names)))


@pytest.fixture
def assemblies(tmp_path: Path) -> dict[str, Path]:
    """Assemblies of an environment in the emulator, with and without the sections that it may lack."""
    text = (REPOSITORY / "environments" / "local.toml").read_text("utf-8")
    found = {}
    for name, settings in {"with": text, "without": sections(text, "[hooks]", "[webhook]")}.items():
        file = tmp_path / name / "taken.toml"
        file.parent.mkdir()
        file.write_text(settings, "utf-8")
        found[name] = tmp_path / name / "assembly"
        synthesize(load_environment(file), found[name])
    return found


def test_section_can_be_taken_away(
    assemblies: dict[str, Path], account: dict[str, str], client: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in account.items():
        monkeypatch.setenv(name, value)

    def deployed(assembly: str) -> set[str]:
        cdk.run_cdk(cdk.deploy(assemblies[assembly]))
        pages = client("cloudformation").get_paginator("describe_stacks").paginate()
        names = {stack["StackName"] for page in pages for stack in page["Stacks"]}
        return {name.removeprefix("vitrine-taken-") for name in names if name.startswith("vitrine-taken-")}

    always = {"storage", "results", "gateway"}
    assert deployed("with") == always | {"hooks"}
    assert deployed("without") == always
    assert deployed("with") == always | {"hooks"}
    for stack in ("hooks", "gateway", "results", "storage"):
        client("cloudformation").delete_stack(StackName=f"vitrine-taken-{stack}")
