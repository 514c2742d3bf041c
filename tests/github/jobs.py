"""Runs the shell steps of a workflow's job as GitHub does, with stubs for the tools that they call."""

import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from cli.cdk import ROOT

WORKFLOWS = {file.stem: file for file in sorted((ROOT / ".github/workflows").glob("*.yml"))}
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
# Notes how it was called, and answers as the first line of `answers` with which the call begins.
_STUB = """#!/bin/bash
call="$(basename "$0") $*"
echo "$call" >>"{folder}/calls"
[ -z "${{SUPABASE_SMOKE_PASSWORD:-}}" ] || echo "$call" >>"{folder}/with-password"
while IFS=$'\\t' read -r beginning status output; do
    if [[ $call == "$beginning"* ]]; then
        printf '%b' "$output"
        exit "$status"
    fi
done <"{folder}/answers"
"""


def workflow(name: str) -> dict[str, Any]:
    """Return a workflow's content; YAML reads its key `on` as True."""
    content: dict[str, Any] = yaml.safe_load(WORKFLOWS[name].read_text("utf-8"))
    return content


def jobs() -> dict[str, dict[str, Any]]:
    """Return every job of every workflow, by workflow/job."""
    return {f"{name}/{job}": body for name in WORKFLOWS for job, body in workflow(name)["jobs"].items()}


@dataclass
class Runner:
    """A folder with stubs on PATH, and the values that expressions of a workflow read."""

    folder: Path
    context: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.checkout, self.temp = self.folder / "checkout", self.folder / "temp"
        for made in (self.checkout / ".venv/bin", self.temp, self.folder / "bin"):
            made.mkdir(parents=True)
        (self.checkout / ".github").symlink_to(ROOT / ".github")
        (self.folder / "answers").touch()
        for tool in ("make", "git", "gh", "aws"):
            self.stub(self.folder / "bin" / tool)
        self.stub(self.checkout / ".venv/bin/python")

    def stub(self, file: Path) -> None:
        file.write_text(_STUB.format(folder=self.folder))
        file.chmod(0o755)

    def answer(self, call: str, status: int = 0, output: str = "") -> None:
        with (self.folder / "answers").open("a") as file:
            file.write(f"{call}\t{status}\t{output}\n")

    def calls(self, kind: str = "calls") -> list[str]:
        file = self.folder / kind
        text = file.read_text("utf-8") if file.exists() else ""
        return text.replace(str(self.temp), "TEMP").splitlines()

    def run(self, name: str, job: str) -> bool:
        """Run a job's shell steps in their order; return whether it succeeded."""
        body = workflow(name)["jobs"][job]
        self.context["env"] = self._filled(body.get("env", {}))
        self.context["steps"] = {}
        succeeded = True
        for step in body["steps"]:
            if "run" in step and self._wanted(step.get("if", "success()"), succeeded=succeeded):
                succeeded &= self._step(step)
        return succeeded

    def outputs(self, name: str, job: str) -> dict[str, str]:
        return self._filled(workflow(name)["jobs"][job]["outputs"])

    def _step(self, step: dict[str, Any]) -> bool:
        output = self.folder / "output"
        output.write_text("")
        variables = {
            "PATH": f"{self.folder}/bin:/usr/bin:/bin",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_WORKFLOW": "workflow",
            "RUNNER_TEMP": str(self.temp),
            **self.context["env"],
            **self._filled(step.get("env", {})),
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(
            command, cwd=self.checkout, env=variables, capture_output=True, text=True, check=False
        )
        lines = (line.partition("=") for line in output.read_text().splitlines())
        if "id" in step:
            self.context["steps"][step["id"]] = {"outputs": {key: value for key, _, value in lines}}
        self.log = done.stdout + done.stderr
        return done.returncode == 0

    def _wanted(self, condition: str, *, succeeded: bool) -> bool:
        states = {"success()": succeeded, "failure()": not succeeded, "success() || failure()": True}
        return all(
            states[part] if part in states else self._unequal(part) for part in condition.split(" && ")
        )

    def _unequal(self, part: str) -> bool:
        left, right = part.split(" != ")
        return self._value(left) != self._value(right)

    def _filled(self, values: dict[str, str]) -> dict[str, str]:
        return {
            key: _EXPRESSION.sub(lambda found: self._value(found[1]), value) for key, value in values.items()
        }

    def _value(self, expression: str) -> str:
        """Return the value of literals and paths joined by || and &&; an absent one is empty."""
        for alternative in expression.split(" || "):
            value = ""
            for term in alternative.split(" && "):
                value = self._term(term)
                if not value:
                    break
            if value:
                return value
        return ""

    def _term(self, term: str) -> str:
        if term.startswith("'"):
            return term.strip("'")
        value: Any = self.context
        for key in term.split("."):
            value = value.get(key, {})
        return value if isinstance(value, str) else ""
