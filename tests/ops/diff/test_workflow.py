"""The shell steps of the pull request's workflow, run with another `gh`."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from cli.cdk import ROOT


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    workflow = yaml.safe_load((ROOT / ".github" / "workflows" / "pull-request.yml").read_text("utf-8"))
    found: dict[str, Any] = workflow["jobs"]["diff"]
    return found


def run(job: dict[str, Any], step: str, folder: Path, gh: str) -> subprocess.CompletedProcess[str]:
    """Run a step as GitHub does, where `gh` is the text of a script."""
    (script,) = (one["run"] for one in job["steps"] if one.get("name") == step)
    command = folder / "gh"
    command.write_text(f"#!/bin/sh\n{gh}\n")
    command.chmod(0o755)
    variables = {
        "PATH": f"{folder}{os.pathsep}{os.environ['PATH']}",
        "PR": "7",
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
    }
    return subprocess.run(
        ["bash", "-e", "-c", script], cwd=folder, env=variables, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("labels", "allow"),
    [("data-loss\\nbug\\nbreaking-api", "data-loss breaking-api"), ("bug\\nno-data-loss", ""), ("", "")],
)
def test_known_labels_allow(job: dict[str, Any], tmp_path: Path, labels: str, allow: str) -> None:
    done = run(job, "read the labels", tmp_path, f"printf '{labels}\\n'")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "output").read_text() == f"allow={allow}\n"


@pytest.mark.parametrize("status", [0, 1])
def test_refused_comment_is_told(job: dict[str, Any], tmp_path: Path, status: int) -> None:
    (tmp_path / "comment.md").write_text("## What\n")
    done = run(job, "comment", tmp_path, f'echo "$@" > called; exit {status}')
    assert done.returncode == 0
    assert (tmp_path / "called").read_text().split() == (
        ["pr", "comment", "7", "--body-file", "comment.md", "--edit-last", "--create-if-none"]
    )
    summary = (tmp_path / "summary").read_text()
    assert summary.startswith("## What\n")
    assert ("could not be posted" in summary) is (status == 1)


def test_permissions_are_least(job: dict[str, Any]) -> None:
    assert job["permissions"] == {"contents": "read", "pull-requests": "write"}
    # The code of a pull request never runs beside the token.
    with_token = [one["name"] for one in job["steps"] if "GH_TOKEN" in one.get("env", {})]
    assert with_token == ["read the labels", "comment"]
    assert not any("make" in one["run"] for one in job["steps"] if one.get("name") in with_token)
