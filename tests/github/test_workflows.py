"""What GitHub lets our workflows do: pinned actions, least permissions, and shell that is sound."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cli.cdk import ROOT, TOOLS
from supply_chain.workflows import unpinned_actions
from tests.github.jobs import WORKFLOWS, jobs, workflow

SHELLCHECK = TOOLS / "linters/bin/shellcheck"
SCRIPTS = sorted((ROOT / ".github/scripts").glob("*.sh"))
# The only jobs that may do more than read the repository and ask for a role in AWS.
WRITERS = {
    "deploy/attest": {"attestations", "id-token"},
    "model/propose": {"contents", "pull-requests"},
    "nightly/propose": {"contents", "pull-requests"},
    "nightly/issue": {"issues"},
    "pull-request/diff": {"pull-requests"},
}


def steps(job: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = job["steps"]
    return found


@pytest.mark.parametrize("name", WORKFLOWS)
def test_every_action_is_pinned(name: str) -> None:
    assert unpinned_actions(WORKFLOWS[name]) == []


@pytest.mark.parametrize("name", jobs())
def test_every_job_is_limited(name: str) -> None:
    job, whole = jobs()[name], workflow(name.partition("/")[0])
    permissions = job.get("permissions", whole["permissions"])
    assert job["timeout-minutes"] <= 180
    assert isinstance(permissions, dict) and permissions
    writes = {scope for scope, right in permissions.items() if right == "write"}
    assert writes - {"id-token"} == WRITERS.get(name, set()) - {"id-token"}
    assert set(permissions) - writes <= {"contents"}


@pytest.mark.parametrize("name", jobs())
def test_role_in_aws_is_never_beside_a_token_that_writes(name: str) -> None:
    job = jobs()[name]
    in_aws = any("configure-aws-credentials" in step.get("uses", "") for step in steps(job))
    rights = job.get("permissions", {})
    assert not in_aws or {scope for scope, right in rights.items() if right == "write"} == {"id-token"}
    assert not in_aws or "environment" in job


def test_no_expression_is_in_a_script() -> None:
    for name, job in jobs().items():
        assert not any("${{" in step.get("run", "") for step in steps(job)), name


def test_checkouts_keep_no_token() -> None:
    for name, job in jobs().items():
        for step in steps(job):
            if step.get("uses", "").startswith("actions/checkout@"):
                assert step["with"]["persist-credentials"] is False, name


def test_secrets_reach_single_steps_only() -> None:
    for name in WORKFLOWS:
        whole = workflow(name)
        assert "secrets." not in str(whole.get("env", {}))
        for job in whole["jobs"].values():
            assert "secrets." not in str({key: value for key, value in job.items() if key != "steps"})
            assert not any("secrets." in str(step.get("with", {})) for step in steps(job))


def test_one_deployment_of_an_environment_at_a_time() -> None:
    for name, group in {"deploy/dev": "deploy-dev", "deploy/prod": "deploy-prod"}.items():
        assert jobs()[name]["concurrency"] == {"group": group}
    assert jobs()["model/release"]["concurrency"]["group"].startswith("deploy-${{")


def test_production_waits_for_dev_and_approval() -> None:
    prod = jobs()["deploy/prod"]
    assert prod["environment"] == "prod"
    assert {"image", "attest", "dev"} == set(prod["needs"])


def test_both_environments_deploy_alike() -> None:
    dev, prod = (
        [step for step in steps(jobs()[f"deploy/{name}"]) if "run" in step][1:] for name in ("dev", "prod")
    )
    assert dev == prod


def test_shell_is_sound(tmp_path: Path) -> None:
    files = [*SCRIPTS]
    for name, job in jobs().items():
        for number, step in enumerate(steps(job)):
            if "run" in step:
                files.append(tmp_path / f"{name.replace('/', '-')}-{number}.sh")
                files[-1].write_text(f"#!/usr/bin/env bash\nset -eo pipefail\n{step['run']}\n")
    for file in files:
        assert subprocess.run(["bash", "-n", file], check=False).returncode == 0, file
    done = subprocess.run([SHELLCHECK, *files], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_images_are_built_where_they_run() -> None:
    from ops.commands.image import PLATFORM

    assert jobs()["deploy/image"]["runs-on"].endswith(PLATFORM.replace("linux/arm64", "-arm"))


def test_named_files_exist() -> None:
    for name in WORKFLOWS:
        for script in re.findall(r"\.github/scripts/\S+\.sh", WORKFLOWS[name].read_text("utf-8")):
            assert (ROOT / script).stat().st_mode & 0o111, script
