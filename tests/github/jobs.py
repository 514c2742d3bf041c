"""Runs the shell steps of a workflow's job as GitHub does, with stubs for the tools that they call."""

import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from cli.cdk import ROOT

WORKFLOWS = {file.stem: file for file in sorted((ROOT / ".github/workflows").glob("*.yml"))}
_EXPRESSION = re.compile(r"\$\{\{\s*(.*?)\s*\}\}")
_TOKEN = re.compile(r"'[^']*'|&&|\|\||[!=]=|!|[(),]|[A-Za-z_][\w.-]*|\s+")
_PYTHON = {"&&": " and ", "||": " or ", "!": " not "}
_STATUS = re.compile(r"\b(?:success|failure|cancelled|always)\(\)")
# Notes how it was called, and answers as the first line of `answers` with which the call begins.
_STUB = """#!/bin/bash
call="$(basename "$0") $*"
echo "$call" >>"{folder}/calls"
[ -z "${{SUPABASE_SMOKE_PASSWORD:-}}" ] || echo "$call" >>"{folder}/with-password"
[ -z "${{REGISTRY_AUTH_FILE:-}}" ] || echo "$REGISTRY_AUTH_FILE $call" >>"{folder}/with-registry"
while IFS=$'\\t' read -r beginning status output; do
    if [[ $call == "$beginning"* ]]; then
        printf '%b' "$output"
        exit "$status"
    fi
done <"{folder}/answers"
"""


@cache
def workflow(name: str) -> dict[str, Any]:
    """Return a workflow's content; YAML reads its key `on` as True."""
    content: dict[str, Any] = yaml.safe_load(WORKFLOWS[name].read_text("utf-8"))
    return content


def jobs() -> dict[str, dict[str, Any]]:
    """Return every job of every workflow, by workflow/job."""
    return {f"{name}/{job}": body for name in WORKFLOWS for job, body in workflow(name)["jobs"].items()}


def evaluated(expression: str, context: dict[str, Any], **functions: Callable[..., Any]) -> Any:
    """Return the value of a GitHub expression; an absent one is empty."""
    tokens = _TOKEN.findall(expression)
    assert "".join(tokens) == expression, expression
    text, values = "", dict[str, Any]()
    for token in tokens:
        if token in functions or not re.match(r"[A-Za-z_]", token):
            text += _PYTHON.get(token, token)
            continue
        value: Any = context
        for key in token.split("."):
            value = value.get(key, "") if isinstance(value, dict) else ""
        text += (name := f"v{len(values)}")
        values[name] = value
    return eval(text.strip(), {"__builtins__": {}}, {**values, **functions})  # noqa: S307 our own workflows


def wanted(condition: str, context: dict[str, Any], *, state: str = "success", **files: bool) -> bool:
    """Say whether a job or step with this condition runs where those before it ended as `state` says."""
    condition = _EXPRESSION.sub(r"\1", condition).strip()
    functions: dict[str, Callable[..., Any]] = {
        "success": lambda: state == "success",
        "failure": lambda: state == "failure",
        "cancelled": lambda: state == "cancelled",
        "always": lambda: True,
        "hashFiles": lambda name: "hash" if files.get(name.replace(".", "_")) else "",
    }
    if not _STATUS.search(condition):
        condition = f"success() && ({condition})"
    return bool(evaluated(condition, context, **functions))


@dataclass
class Runner:
    """A folder with stubs on PATH, and the values that expressions of a workflow read."""

    folder: Path
    context: dict[str, Any] = field(default_factory=dict)
    failing: set[str] = field(default_factory=set)  # actions, as in actions/download-artifact

    def __post_init__(self) -> None:
        self.checkout, self.temp = self.folder / "checkout", self.folder / "temp"
        for made in (self.checkout / ".venv/bin", self.temp, self.folder / "bin"):
            made.mkdir(parents=True)
        (self.checkout / ".github").symlink_to(ROOT / ".github")
        (self.folder / "answers").touch()
        self.context.setdefault("runner", {"temp": str(self.temp)})
        for tool in ("make", "git", "gh", "aws", "sudo"):
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
        self.context["env"] = self.filled(body.get("env", {}))
        self.context["steps"] = {}
        state = "success"
        for step in body["steps"]:
            written = (self.checkout / "comment.md").exists()
            runs = wanted(step.get("if", "success()"), self.context, state=state, comment_md=written)
            outcome, outputs = "skipped", dict[str, str]()
            if runs and "run" in step:
                outcome, outputs = self._step(step)
            elif runs:
                outcome = "failure" if step["uses"].partition("@")[0] in self.failing else "success"
            if "id" in step:
                self.context["steps"][step["id"]] = {"outputs": outputs, "outcome": outcome}
            if outcome == "failure" and not step.get("continue-on-error"):
                state = "failure"
        return state == "success"

    def outputs(self, name: str, job: str) -> dict[str, str]:
        return self.filled(workflow(name)["jobs"][job]["outputs"])

    def filled(self, values: dict[str, str]) -> dict[str, str]:
        """Return values with their expressions evaluated."""
        return {
            key: _EXPRESSION.sub(lambda found: str(evaluated(found[1], self.context)), value)
            for key, value in values.items()
        }

    def _step(self, step: dict[str, Any]) -> tuple[str, dict[str, str]]:
        output = self.folder / "output"
        output.write_text("")
        variables = {
            "PATH": f"{self.folder}/bin:/usr/bin:/bin",
            "GITHUB_OUTPUT": str(output),
            "GITHUB_REPOSITORY": "shop/vitrine",
            "GITHUB_STEP_SUMMARY": str(self.folder / "summary"),
            "GITHUB_WORKFLOW": "workflow",
            "RUNNER_TEMP": str(self.temp),
            **self.context["env"],
            **self.filled(step.get("env", {})),
        }
        command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
        done = subprocess.run(
            command, cwd=self.checkout, env=variables, capture_output=True, text=True, check=False
        )
        lines = (line.partition("=") for line in output.read_text().splitlines())
        self.log = done.stdout + done.stderr
        return "failure" if done.returncode else "success", {key: value for key, _, value in lines}
