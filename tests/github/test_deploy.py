"""The workflow `deploy`: one image, tried in dev, promoted by its digest, and taken back where it fails."""

import shlex
import subprocess
from pathlib import Path

import pytest

from cli.cdk import ROOT
from tests.github.jobs import Runner, jobs, wanted

NEW, OLD = (f"sha256:{digit * 64}" for digit in "ab")
SECRETS = {"SUPABASE_SMOKE_EMAIL": "smoke@shop.example", "SUPABASE_SMOKE_PASSWORD": "the-password"}


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    context = {"secrets": SECRETS, "needs": {"image": {"outputs": {"digest": NEW}}}}
    return Runner(tmp_path, context)


TAKEN = {
    "dev": "make image ENV=dev WRITE=1",
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
    assert runner.calls() == []


def test_image_that_is_gone_names_the_remedy(runner: Runner) -> None:
    runner.failing = {"actions/download-artifact"}
    assert not runner.run("deploy", "prod")
    assert "Run all jobs again" in runner.log
    assert runner.calls() == []


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


CANCELLED = [
    ({"dev": ("cancelled", OLD), "prod": ("skipped", "")}, "dev"),
    ({"dev": ("success", OLD), "prod": ("cancelled", NEW)}, "prod"),
    # It waited for approval, or in line; or nothing of ours ran before.
    ({"dev": ("success", OLD), "prod": ("cancelled", "")}, None),
    ({"dev": ("cancelled", ""), "prod": ("cancelled", "")}, None),
    # It has returned by itself.
    ({"dev": ("failure", OLD), "prod": ("skipped", "")}, None),
]


@pytest.mark.parametrize(("needs", "environment"), CANCELLED)
def test_cancelled_deployment_returns(
    runner: Runner, needs: dict[str, tuple[str, str]], environment: str | None
) -> None:
    runner.context["needs"] = {
        job: {"result": result, "outputs": {"before": before}} for job, (result, before) in needs.items()
    }
    condition = jobs()["deploy/cancelled"]["if"]
    assert wanted(condition, runner.context, state="cancelled") is (environment is not None)
    if environment is not None:
        assert runner.run("deploy", "cancelled")
        before = needs[environment][1]
        assert made(runner)[1:] == [
            f"make forward ENV={environment} ANY_MODEL=1",
            f"make rollback ENV={environment} DIGEST={before}",
        ]


@pytest.mark.parametrize(
    ("waiting", "states", "replaced"),
    [
        (1, "SUCCESS\\nWAITING\\n", "true"),
        (1, "ERROR\\nWAITING\\nWAITING\\n", "true"),
        (0, "WAITING\\n", ""),  # a release of the model waits
        (1, "WAITING\\nIN_PROGRESS\\n", ""),
        (1, "WAITING\\nQUEUED\\n", ""),
        (1, "SUCCESS\\n", ""),  # it waits for another environment
        (0, "", ""),
    ],
)
def test_only_a_waiting_approval_is_replaced(
    runner: Runner, waiting: int, states: str, replaced: str
) -> None:
    runner.answer(
        "gh api repos/shop/vitrine/actions/workflows/deploy.yml/runs?status=waiting", 0, f"{waiting}"
    )
    runner.answer("gh api graphql", 0, states)
    assert runner.run("deploy", "dev")
    assert runner.outputs("deploy", "dev")["replace"] == replaced


def test_unanswered_question_fails_no_deployment(runner: Runner) -> None:
    runner.answer("gh api", status=1)
    assert runner.run("deploy", "dev")
    assert runner.outputs("deploy", "dev")["replace"] == ""


@pytest.mark.parametrize(
    "call",
    [
        "image ENV=dev SAVE=/tmp/image",
        "image ENV=dev WRITE=1",
        f"promote ENV=prod IMAGE=/tmp/image DIGEST={NEW}",
        "digest ENV=prod",
        "deploy ENV=prod YES=1",
        "smoke ENV=prod",
        f"rollback ENV=prod DIGEST={NEW}",
        "canary ENV=prod",
        "drift ENV=prod",
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
