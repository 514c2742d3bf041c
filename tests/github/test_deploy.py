"""The workflow `deploy`: one image, tried in dev, promoted by its digest, and taken back where it fails."""

import json
import shlex
import subprocess
from pathlib import Path

import pytest

from cli.cdk import ROOT
from tests.github.jobs import Runner, jobs, wanted
from tests.stacks.delivery.policies import allows

NEW, OLD = (f"sha256:{digit * 64}" for digit in "ab")
RULES = "gh api repos/shop/vitrine/environments/prod"
SECRETS = {"SUPABASE_SMOKE_EMAIL": "smoke@shop.example", "SUPABASE_SMOKE_PASSWORD": "the-password"}


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    context = {"secrets": SECRETS, "needs": {"image": {"outputs": {"digest": NEW}}}}
    runner = Runner(tmp_path, context)
    runner.answer(RULES, output="branch_policy\\nrequired_reviewers\\n")
    return runner


TAKEN = {
    "dev": f"make promote ENV=dev DIGEST={NEW}",
    "prod": f"make promote ENV=prod IMAGE=TEMP/image DIGEST={NEW}",
}


def deployment(environment: str) -> list[str]:
    """Return the calls of a deployment that succeeds."""
    return [
        "make setup-deploy",
        f"make forward ENV={environment}",
        TAKEN[environment],
        f"make --silent digest ENV={environment}",
        f"make deploy ENV={environment} YES=1",
        f"make smoke ENV={environment}",
    ]


def made(runner: Runner) -> list[str]:
    return [call for call in runner.calls() if call.startswith("make ")]


def test_image_is_built_once(runner: Runner) -> None:
    runner.answer("make image", output=f'pushed\\nimage_digest = "{NEW}"\\n')
    assert runner.run("deploy", "image")
    assert made(runner) == ["make setup-deploy", "make image ENV=dev SAVE=TEMP/image"]
    assert runner.outputs("deploy", "image") == {"digest": NEW}


def test_tools_are_there_before_the_image_is_saved(runner: Runner) -> None:
    runner.answer("sudo apt-get install", status=100)
    assert not runner.run("deploy", "image")
    assert made(runner) == ["make setup-deploy"]


@pytest.mark.parametrize(("status", "output"), [(0, "no digest"), (1, f'image_digest = "{NEW}"\\n')])
def test_failed_image_stops_the_workflow(runner: Runner, status: int, output: str) -> None:
    runner.answer("make image", status, output)
    assert not runner.run("deploy", "image")


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_deployment_runs_its_steps_in_order(runner: Runner, environment: str) -> None:
    runner.answer("make --silent digest", output=f"{OLD}\\n")
    assert runner.run("deploy", environment)
    assert made(runner) == deployment(environment)


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("failing", ["make deploy", "make smoke"])
def test_failure_returns_to_the_previous_image(runner: Runner, environment: str, failing: str) -> None:
    runner.answer("make --silent digest", output=f"{OLD}\\n")
    runner.answer(failing, status=1)
    assert not runner.run("deploy", environment)
    assert made(runner)[-2].startswith(failing)
    assert made(runner)[-1] == f"make rollback ENV={environment} DIGEST={OLD}"


def test_first_deployment_has_nothing_to_return_to(runner: Runner) -> None:
    runner.answer("make smoke", status=1)
    assert not runner.run("deploy", "dev")
    assert made(runner)[-1] == "make smoke ENV=dev"


@pytest.mark.parametrize("refusing", ["make forward", "make promote"])
def test_refused_deployment_changes_nothing(runner: Runner, refusing: str) -> None:
    runner.answer(refusing, status=1)
    assert not runner.run("deploy", "prod")
    assert made(runner)[-1].startswith(refusing)


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("missing", SECRETS)
def test_missing_user_is_told_before_a_deployment(runner: Runner, environment: str, missing: str) -> None:
    runner.context["secrets"] = SECRETS | {missing: ""}
    assert not runner.run("deploy", environment)
    assert f"::error::The environment {environment} has no secrets SUPABASE_SMOKE_EMAIL and" in runner.log
    assert made(runner) == []


def test_image_that_is_gone_names_the_remedy(runner: Runner) -> None:
    runner.failing = {"actions/download-artifact"}
    assert not runner.run("deploy", "prod")
    assert "Run all jobs again" in runner.log
    assert made(runner) == []


def test_password_reaches_the_smoke_test_alone(runner: Runner) -> None:
    assert runner.run("deploy", "dev")
    assert runner.calls("with-password") == ["make smoke ENV=dev"]
    assert not any(secret in call for secret in SECRETS.values() for call in runner.calls())


@pytest.mark.parametrize(
    ("asked", "by_approval", "deployed"),
    [(False, "", False), ("", "", False), (True, "", True), ("", "true", True)],
)
def test_prod_needs_a_person(asked: bool | str, by_approval: str, deployed: bool) -> None:
    context = {"inputs": {"prod": asked}, "vars": {"PROD_ON_APPROVAL": by_approval}}
    assert wanted(jobs()["deploy/prod"]["if"], context) is deployed
    for state in ("failure", "cancelled"):
        assert not wanted(jobs()["deploy/prod"]["if"], context, state=state)


@pytest.mark.parametrize(
    ("private", "variable", "attested"), [(False, "", True), (True, "", False), (True, "true", True)]
)
def test_private_repository_attests_where_it_may(private: bool, variable: str, attested: bool) -> None:
    context = {"github": {"event": {"repository": {"private": private}}}, "vars": {"ATTEST": variable}}
    assert wanted(jobs()["deploy/attest"]["if"], context) is attested


# Result, the digest that ran before, and the attempt of the run that noted it.
CANCELLED = [
    ({"dev": ("cancelled", OLD, "2"), "prod": ("skipped", "", "2")}, ("dev", OLD)),
    ({"dev": ("success", OLD, "2"), "prod": ("cancelled", NEW, "2")}, ("prod", NEW)),
    # Failed jobs alone ran again: prod, whose deployment is now cancelled.
    ({"dev": ("success", OLD, "1"), "prod": ("cancelled", NEW, "2")}, ("prod", NEW)),
    # All jobs ran again, and prod is not reached.
    ({"dev": ("cancelled", OLD, "2"), "prod": ("skipped", NEW, "1")}, ("dev", OLD)),
    ({"dev": ("cancelled", OLD, "2"), "prod": ("cancelled", NEW, "1")}, ("dev", OLD)),
    # It waited for approval, or in line; or nothing of ours ran before.
    ({"dev": ("success", OLD, "2"), "prod": ("cancelled", "", "2")}, None),
    ({"dev": ("success", OLD, "1"), "prod": ("cancelled", NEW, "1")}, None),
    ({"dev": ("cancelled", OLD, "1"), "prod": ("skipped", "", "2")}, None),
    ({"dev": ("cancelled", "", "2"), "prod": ("cancelled", "", "2")}, None),
    # It has returned by itself.
    ({"dev": ("failure", OLD, "2"), "prod": ("skipped", "", "2")}, None),
]


@pytest.mark.parametrize(("needs", "returned"), CANCELLED)
def test_cancelled_deployment_returns(
    runner: Runner, needs: dict[str, tuple[str, str, str]], returned: tuple[str, str] | None
) -> None:
    runner.context["github"] = {"run_attempt": "2"}
    runner.context["needs"] = {
        job: {"result": result, "outputs": {"before": before, "attempt": attempt}}
        for job, (result, before, attempt) in needs.items()
    }
    condition = jobs()["deploy/cancelled"]["if"]
    assert wanted(condition, runner.context, state="cancelled") is (returned is not None)
    if returned is not None:
        environment, digest = returned
        named = {"in": jobs()["deploy/cancelled"]["environment"]}
        assert runner.filled(named) == {"in": environment}
        assert runner.run("deploy", "cancelled")
        assert made(runner)[1:] == [
            f"make forward ENV={environment} ANY_MODEL=1",
            f"make rollback ENV={environment} DIGEST={digest}",
        ]


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_deployment_notes_what_to_return_to(runner: Runner, environment: str) -> None:
    runner.context["github"] = {"run_attempt": "3"}
    runner.answer("make --silent digest", output=f"{OLD}\\n")
    runner.run("deploy", environment)
    assert runner.outputs("deploy", environment) == {"before": OLD, "attempt": "3"}


@pytest.mark.parametrize(
    ("status", "rules"),
    [
        (0, "branch_policy\\nwait_timer\\n"),
        (0, ""),
        (1, ""),  # there is no such environment, or the plan has none
    ],
)
def test_missing_reviewers_stop_prod(tmp_path: Path, status: int, rules: str) -> None:
    runner = Runner(tmp_path)
    runner.answer(RULES, status, rules)
    assert not runner.run("deploy", "prod")
    # Asked by the job itself: where failed jobs alone run again, GitHub keeps what another one found.
    assert [call.partition(" --")[0] for call in runner.calls()] == [RULES]
    assert status or "::error::PROD_ON_APPROVAL is true" in runner.log


@pytest.mark.parametrize(("asked", "demanded"), [("", 1), (False, 1), (True, 0)])
def test_reviewers_are_demanded_where_nobody_asked(runner: Runner, asked: bool | str, demanded: int) -> None:
    runner.context["inputs"] = {"prod": asked}
    assert runner.run("deploy", "prod")
    assert sum(call.startswith(RULES) for call in runner.calls()) == demanded


def test_build_may_use_the_registry_alone() -> None:
    (role,) = (step for step in jobs()["deploy/image"]["steps"] if "role-to-assume" in step.get("with", {}))
    policy = [json.loads(role["with"]["inline-session-policy"])]
    assert allows(policy, "ecr:PutImage") and allows(policy, "ecr:GetAuthorizationToken")
    for action in ("sts:AssumeRole", "iam:PutRolePolicy", "s3:PutObject", "cloudformation:UpdateStack"):
        assert not allows(policy, action)


@pytest.mark.parametrize(
    ("job", "call"), [("image", "make image ENV=dev SAVE"), ("prod", "make promote ENV=prod")]
)
def test_skopeo_keeps_its_password_in_the_runner(runner: Runner, job: str, call: str) -> None:
    runner.run("deploy", job)
    (kept,) = runner.calls("with-registry")
    assert kept.startswith(f"TEMP/registry.json {call}")


@pytest.mark.parametrize(
    "call",
    [
        "image ENV=dev SAVE=/tmp/image",
        f"promote ENV=dev DIGEST={NEW}",
        f"promote ENV=prod IMAGE=/tmp/image DIGEST={NEW}",
        "digest ENV=prod",
        "deploy ENV=prod YES=1",
        "smoke ENV=prod",
        f"rollback ENV=prod DIGEST={NEW}",
        "canary ENV=prod",
        "forward ENV=prod",
        "forward ENV=prod ANY_MODEL=1",
    ],
)
def test_commands_take_what_workflows_give(call: str) -> None:
    from ops.__main__ import commands

    command = ["env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "make", "--dry-run", *call.split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    words = shlex.split(done.stdout.splitlines()[-1])
    name, arguments = words[3], words[4:]
    assert commands.commands[name].make_context(name, arguments).params["named"] == call.split()[1][4:]
