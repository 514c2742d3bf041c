"""The Makefile: every target of `make help` resolves, and none guesses an environment."""

import re
import subprocess
from functools import cache

import pytest

from cli.cdk import ROOT

ACCOUNT = [
    "doctor",
    "bootstrap",
    "trust",
    "canary",
    "deploy",
    "smoke",
    "image",
    "promote",
    "digest",
    "rollback",
    "drift",
    "forward",
    "pause",
    "resume",
    "redrive",
    "logs",
    "destroy",
    "release",
]


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    # Variables of the `make` that runs the tests must not reach these.
    unset = ("MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL", "MFLAGS", "ENV")
    clean = ["env", *(word for name in unset for word in ("-u", name)), "make", *arguments]
    return subprocess.run(clean, cwd=ROOT, capture_output=True, encoding="utf-8", check=False)


@cache
def targets() -> dict[str, str]:
    """Return the targets of `make help` with their texts."""
    lines = (line.split(maxsplit=2) for line in make("help").stdout.splitlines())
    return {target: text for _, target, text in lines}


@pytest.mark.parametrize("target", [*ACCOUNT, "diff", "plan"])
def test_missing_environment_names_choices(target: str) -> None:
    done = make(target)
    assert done.returncode == 2
    assert "error: which environment? Say ENV=NAME, one of: dev prod\n" in done.stderr
    assert done.stdout == ""


def test_every_target_resolves() -> None:
    for target in targets():
        done = make("--dry-run", target, "ENV=dev")
        assert done.returncode == 0, (target, done.stderr)


@pytest.mark.parametrize("target", [*ACCOUNT, "diff"])
def test_account_targets_take_known_options(target: str) -> None:
    from ops.__main__ import commands

    # Also of a variable that one of the targets alone reads.
    given = (
        "YES=1",
        "ARTIFACT=a b.tgz",
        "SINCE=1h",
        "SLOW=1",
        "FAILED=1",
        "USER_ID=u",
        "REPORT=r",
        "TRACE=t",
        "WRITE=1",
        "SAVE=a b",
        "IMAGE=a b",
        "DIGEST=sha256:b",
        "ANY_COMMIT=1",
    )
    words = make("--dry-run", target, "ENV=dev", *given).stdout.splitlines()[-1]
    options = {name for option in commands.commands[target].params for name in option.opts}
    assert f"-m ops {target} " in words
    assert set(re.findall(r"--[a-z-]+", words)) <= options


def test_plan_takes_known_options() -> None:
    from planning.__main__ import commands

    words = make("--dry-run", "plan", "ENV=prod", "USERS=a b.csv", "OUT=p.html").stdout.splitlines()[-1]
    assert words.endswith('-m planning page "a b.csv" --env "prod" --out "p.html"')
    options = {name for option in commands.commands["page"].params for name in option.opts}
    assert set(re.findall(r"--[a-z-]+", words)) <= options


def test_every_variable_is_documented() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    used = set(re.findall(r"\$\((?:if |or )?\$?\(?([A-Z]{2,})\)", makefile)) - {
        "PYTHON",
        "LOCAL",
        "MAKEFILE_LIST",
    }
    documents = "".join(targets().values()) + "".join(
        file.read_text("utf-8") for file in [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]
    )
    assert {name for name in used if f"{name}=" not in documents} == set()
