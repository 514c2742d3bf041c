"""What GitHub lets our workflows do: pinned actions, least permissions, and shell that is sound."""

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from cli.cdk import ROOT, TOOLS
from supply_chain.workflows import unpinned_actions
from tests.github.jobs import WORKFLOWS, Runner, jobs, workflow

SHELLCHECK = TOOLS / "linters/bin/shellcheck"
SCRIPTS = sorted((ROOT / ".github/scripts").glob("*.sh"))
# The only jobs that may do more than read the repository and ask for a role in AWS.
WRITERS = {
    "deploy/attest": {"attestations", "id-token"},
    "model/propose": {"contents", "pull-requests"},
    "nightly/propose": {"contents", "pull-requests"},
    "nightly/issue": {"issues"},
    "pull-request/comment": {"pull-requests"},
}


# What a job may read.
READ = {"actions", "contents", "pull-requests"}
# What a job does for an environment after it was ended or has failed.
CLEANUP = re.compile(r"make (rollback|canary)\b")
# What the action asks for, and what stacks/delivery allows the role `deploy`.
DEFAULT_SESSION_S, LONGEST_SESSION_S = 3600, 3 * 3600


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
    assert job["timeout-minutes"] <= 210
    assert isinstance(permissions, dict) and permissions
    writes = {scope for scope, right in permissions.items() if right == "write"}
    assert writes - {"id-token"} == WRITERS.get(name, set()) - {"id-token"}
    assert set(permissions) - writes <= READ


@pytest.mark.parametrize("name", jobs())
def test_role_in_aws_is_never_beside_a_token_that_writes(name: str) -> None:
    job = jobs()[name]
    in_aws = any("configure-aws-credentials" in step.get("uses", "") for step in steps(job))
    rights = job.get("permissions", {})
    assert not in_aws or {scope for scope, right in rights.items() if right == "write"} == {"id-token"}
    assert not in_aws or "environment" in job


def test_pull_requests_run_without_a_token_that_writes() -> None:
    for name, job in jobs().items():
        if name.startswith("pull-request/") and name in WRITERS:
            assert [step["uses"].partition("@")[0] for step in steps(job) if "uses" in step] == [
                "actions/download-artifact"
            ]
            assert not any(re.search(r"\bmake\b|\.github/", step.get("run", "")) for step in steps(job))


@pytest.mark.parametrize("name", jobs())
def test_packages_are_installed_before_the_role_is_taken(name: str) -> None:
    names = [step.get("uses", "").partition("@")[0] or step["run"] for step in steps(jobs()[name])]
    if "aws-actions/configure-aws-credentials" in names:
        role = names.index("aws-actions/configure-aws-credentials")
        assert any(one in ("make setup-deploy", "make setup-test") for one in names[:role])


def minutes(some: list[dict[str, Any]]) -> int:
    """Return the limits of steps together; each must have one."""
    assert [step for step in some if "timeout-minutes" not in step] == []
    return sum(step["timeout-minutes"] for step in some)


def before_cleanup(job: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the steps up to the last that cleans up, this included; none where nothing does."""
    last = max((n for n, step in enumerate(steps(job)) if CLEANUP.search(step.get("run", ""))), default=-1)
    return steps(job)[: last + 1]


def test_deployments_and_releases_clean_up() -> None:
    cleaning = {name for name, job in jobs().items() if before_cleanup(job)}
    assert cleaning == {"deploy/dev", "deploy/prod", "deploy/cancelled", "model/release", "model/cancelled"}


@pytest.mark.parametrize("name", jobs())
def test_time_is_left_to_clean_up(name: str) -> None:
    assert minutes(before_cleanup(jobs()[name])) <= jobs()[name]["timeout-minutes"]


@pytest.mark.parametrize("name", jobs())
def test_session_outlasts_what_needs_it(name: str) -> None:
    job = jobs()[name]
    for number, step in enumerate(steps(job)):
        if "configure-aws-credentials" in step.get("uses", ""):
            session = step["with"].get("role-duration-seconds", DEFAULT_SESSION_S)
            cleanup = before_cleanup(job)
            needed = minutes(cleanup[number:]) if cleanup else job["timeout-minutes"]
            assert needed * 60 <= session <= LONGEST_SESSION_S


@pytest.mark.parametrize("name", jobs())
def test_account_is_masked(name: str) -> None:
    for step in steps(jobs()[name]):
        if "configure-aws-credentials" in step.get("uses", ""):
            assert step["with"]["mask-aws-account-id"] is True


def test_what_an_account_answers_is_no_artifact() -> None:
    # Commands write stack outputs and events of a release there. A log is masked, an artifact is not.
    for name, job in jobs().items():
        for step in steps(job):
            if "upload-artifact" in step.get("uses", ""):
                assert ".vitrine" not in step["with"]["path"], name


def test_artifacts_are_kept_briefly() -> None:
    for name, job in jobs().items():
        for step in steps(job):
            if "upload-artifact" in step.get("uses", ""):
                assert step["with"]["retention-days"] <= 30, name
                assert step["with"]["overwrite"] is True, name  # a job that runs again has the same names
                if step["with"]["name"] in ("image", "archive"):
                    assert (step["with"]["retention-days"], step["with"]["compression-level"]) == (1, 0), name


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


@pytest.mark.parametrize("name", jobs())
def test_nothing_that_deploys_is_cancelled_by_another_run(name: str) -> None:
    job = jobs()[name]
    if "vars.DEPLOY_ROLE_ARN" in str(job) and name != "deploy/image":
        environment = job["environment"]
        group = (
            environment.replace("${{", "deploy-${{", 1) if "${{" in environment else f"deploy-{environment}"
        )
        assert job["concurrency"] == {"group": group, "queue": "max"}
    assert "concurrency" not in workflow(name.partition("/")[0]) or not re.match("deploy|model", name)


def test_production_waits_for_dev() -> None:
    prod = jobs()["deploy/prod"]
    assert prod["environment"] == "prod"
    assert {"image", "attest", "dev"} == set(prod["needs"])


def test_both_environments_deploy_alike() -> None:
    own = ("Take the image", "Say why the image is missing", "Demand reviewers of prod")
    dev, prod = (
        [step for step in steps(jobs()[f"deploy/{name}"]) if "run" in step and step.get("name") not in own]
        for name in ("dev", "prod")
    )
    assert dev == prod


def test_catalogue_starts_no_release() -> None:
    # YAML reads the key `on` as True.
    triggers: dict[str, Any] = workflow("model")[True]  # type: ignore[index]
    assert not any("catalogue" in path for path in triggers["push"]["paths"])


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


@pytest.mark.parametrize(("named", "runner"), [("", "ubuntu-24.04"), ("large", "large")])
def test_large_model_gets_a_large_runner(tmp_path: Path, named: str, runner: str) -> None:
    context = {"vars": {"MODEL_RUNNER": named}}
    for job in ("archive", "release"):
        found = Runner(tmp_path / job, context).filled({"on": jobs()[f"model/{job}"]["runs-on"]})
        assert found == {"on": runner}


def test_named_files_exist() -> None:
    for name in WORKFLOWS:
        for script in re.findall(r"\.github/scripts/\S+\.sh", WORKFLOWS[name].read_text("utf-8")):
            assert (ROOT / script).stat().st_mode & 0o111, script
