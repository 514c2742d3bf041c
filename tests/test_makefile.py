"""The Makefile's targets for an account: none guesses an environment, each calls what a person can call."""

import subprocess

import pytest

from cli.subprocess import ROOT


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    # What the caller of the tests said to make is not for these.
    unset = ("MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS", "ENV")
    clean = ["env", *(word for name in unset for word in ("-u", name)), "make", *arguments]
    return subprocess.run(clean, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)


@pytest.mark.parametrize(
    "target",
    ["doctor", "bootstrap", "deploy", "smoke", "image", "pause", "resume", "redrive", "destroy", "diff"],
)
def test_without_an_environment_the_choices_are_named_and_nothing_is_done(target: str) -> None:
    done = make(target)
    assert done.returncode == 2
    assert "error: which environment? Say ENV=NAME, one of: dev prod\n" in done.stderr
    assert done.stdout == ""


@pytest.mark.parametrize(
    ("given", "command"),
    [
        (["doctor"], 'doctor --env "dev"'),
        (["deploy"], 'deploy --env "dev"'),
        (["deploy", "ARTIFACT=a b.tgz", "YES=1"], 'deploy --env "dev" --artifact "a b.tgz" --yes'),
        (["smoke"], 'smoke --env "dev"'),
        (["image"], 'image --env "dev"'),
        (["pause"], 'pause --env "dev"'),
        (["resume"], 'resume --env "dev"'),
        (["redrive"], 'redrive --env "dev"'),
        (["redrive", "YES=1"], 'redrive --env "dev" --again --yes'),
        (["destroy"], 'destroy --env "dev"'),
        (["destroy", "YES=1"], 'destroy --env "dev" --yes'),
    ],
)
def test_a_target_calls_the_command_of_its_name(given: list[str], command: str) -> None:
    said = make("--dry-run", *given, "ENV=dev").stdout.splitlines()
    assert "sh local/setup.sh deploy" in said
    assert said[-1].rstrip() == f".venv/bin/python -m ops {command}"
