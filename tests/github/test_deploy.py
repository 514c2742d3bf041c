"""The workflow `deploy`: one image, tried in dev, promoted by its digest, and taken back where it fails."""

import shlex
import subprocess
from pathlib import Path

import pytest

from cli.cdk import ROOT
from tests.github.jobs import Runner

NEW, OLD = (f"sha256:{digit * 64}" for digit in "ab")
SECRETS = {"SUPABASE_SMOKE_EMAIL": "smoke@shop.example", "SUPABASE_SMOKE_PASSWORD": "the-password"}


@pytest.fixture
def runner(tmp_path: Path) -> Runner:
    context = {"secrets": SECRETS, "needs": {"image": {"outputs": {"digest": NEW}}}}
    return Runner(tmp_path, context)


def steps(environment: str, *, previous: str = OLD) -> list[str]:
    """Return the calls of a deployment that succeeds, after the image is there."""
    return [
        f"make --silent digest ENV={environment}",
        f"make deploy ENV={environment} YES=1",
        f"make smoke ENV={environment}",
    ]


TAKEN = {
    "dev": "make image ENV=dev WRITE=1",
    "prod": f"make promote ENV=prod IMAGE=TEMP/image DIGEST={NEW}",
}


def test_image_is_built_once(runner: Runner) -> None:
    runner.answer("make image", output=f'pushed\\nimage_digest = "{NEW}"\\n')
    assert runner.run("deploy", "image")
    assert runner.calls() == ["make image ENV=dev SAVE=TEMP/image"]
    assert runner.outputs("deploy", "image") == {"digest": NEW}


@pytest.mark.parametrize(("status", "output"), [(0, "no digest"), (1, f'image_digest = "{NEW}"\\n')])
def test_failed_image_stops_the_workflow(runner: Runner, status: int, output: str) -> None:
    runner.answer("make image", status, output)
    assert not runner.run("deploy", "image")


@pytest.mark.parametrize("environment", ["dev", "prod"])
def test_deployment_runs_its_steps_in_order(runner: Runner, environment: str) -> None:
    runner.answer("make --silent digest", output=f"{OLD}\\n")
    assert runner.run("deploy", environment)
    assert runner.calls() == [TAKEN[environment], *steps(environment)]


@pytest.mark.parametrize("environment", ["dev", "prod"])
@pytest.mark.parametrize("failing", ["make deploy", "make smoke"])
def test_failure_returns_to_the_previous_image(runner: Runner, environment: str, failing: str) -> None:
    runner.answer("make --silent digest", output=f"{OLD}\\n")
    runner.answer(failing, status=1)
    assert not runner.run("deploy", environment)
    assert runner.calls()[-2].startswith(failing)
    assert runner.calls()[-1] == f"make rollback ENV={environment} DIGEST={OLD}"


def test_first_deployment_has_nothing_to_return_to(runner: Runner) -> None:
    runner.answer("make smoke", status=1)
    assert not runner.run("deploy", "dev")
    assert runner.calls()[-1] == "make smoke ENV=dev"


def test_refused_image_deploys_nothing(runner: Runner) -> None:
    runner.answer("make promote", status=1)
    assert not runner.run("deploy", "prod")
    assert runner.calls() == [TAKEN["prod"]]


def test_password_reaches_the_smoke_test_alone(runner: Runner) -> None:
    assert runner.run("deploy", "dev")
    assert runner.calls("with-password") == ["make smoke ENV=dev"]
    assert not any(secret in call for secret in SECRETS.values() for call in runner.calls())


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
        "drift ENV=prod",
    ],
)
def test_commands_take_what_workflows_give(call: str) -> None:
    from ops.__main__ import commands

    command = ["env", "-u", "MAKEFLAGS", "-u", "MAKELEVEL", "make", "--dry-run", *call.split()]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    words = shlex.split(done.stdout.splitlines()[-1])
    name, arguments = words[3], words[4:]
    assert commands.commands[name].make_context(name, arguments).params["named"] == call.split()[1][4:]
