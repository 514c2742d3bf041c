"""`python -m ops diff`: what a deployment would change, by two folders of assemblies or against a commit."""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import cdk
from cli.cdk import ROOT, run
from ops.diff.api.operations import api_changes, read_document
from ops.diff.assembly import read_assemblies
from ops.diff.comment import comment
from ops.diff.own_rules import rules_change
from ops.diff.report import Report, as_data, compare_folders
from ops.diff.text import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.diff.api.changes import ApiChange

_DOCUMENT = Path("docs", "openapi.json")
# Of a change that loses data or breaks the API, and has no label that allows it.
REFUSED = 2


@dataclass(frozen=True)
class Wanted:
    """What a caller wants of a comparison: the labels that allow it, and the forms in which it is written."""

    allowed: frozenset[str] = frozenset()
    as_json: bool = False
    comment: Path | None = None


def diff_folders(old: Path, new: Path, documents: tuple[Path, Path] | None, wanted: Wanted) -> int:
    """Print what changes between two folders of assemblies; return 0, or 2 where it is refused.

    `documents` are the OpenAPI documents of both. Raises UserError for what cannot be read.
    """
    report = _report(old, new, documents, wanted)
    _write(report, wanted, "\n".join(text(report)))
    return REFUSED if report.refused else 0


def diff_commit(base: str, wanted: Wanted, root: Path = ROOT) -> int:
    """Print what this checkout changes against a commit, as the comment of a pull request; return 0 or 2.

    Both sides are synthesized here without packaged code; neither an account nor credentials are needed.
    """
    run([sys.executable, "-m", "stacks", "--no-lint"], folder=root, to_stderr=True)
    with _worktree(root, base) as old, _present(root) as new:
        for file in sorted((old / "environments").glob("*.toml")):
            _synthesize(old, file.stem)
        documents = (old / _DOCUMENT, root / _DOCUMENT)
        there = all(file.is_file() for file in documents)
        report = _report(old / "cdk.out", new, documents if there else None, wanted)
        report = replace(report, judges_itself=rules_change(old, root))
    _write(report, wanted, comment(report).rstrip("\n"))
    return REFUSED if report.refused else 0


def _report(old: Path, new: Path, documents: tuple[Path, Path] | None, wanted: Wanted) -> Report:
    assemblies = read_assemblies(old), read_assemblies(new)
    api: tuple[ApiChange, ...] | None = None
    if documents is not None:
        api = tuple(api_changes(*(read_document(file) for file in documents)))
    return compare_folders(old, new, assemblies, api, wanted.allowed)


def _write(report: Report, wanted: Wanted, printed: str) -> None:
    if wanted.comment is not None:
        wanted.comment.write_text(comment(report), "utf-8")
    click.echo(json.dumps(as_data(report), indent=2, ensure_ascii=False) if wanted.as_json else printed)


@contextmanager
def _worktree(root: Path, commit: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder).resolve() / "tree"
        run(["git", "worktree", "add", "--quiet", "--detach", str(tree), commit], folder=root)
        try:
            yield tree
        finally:
            run(["git", "worktree", "remove", "--force", str(tree)], folder=root)


@contextmanager
def _present(root: Path) -> Iterator[Path]:
    """Give a folder with the assemblies of the environments that there are: cdk.out may hold former ones."""
    with tempfile.TemporaryDirectory() as folder:
        for file in (root / "environments").glob("*.toml"):
            (Path(folder) / file.stem).symlink_to(root.resolve() / "cdk.out" / file.stem)
        yield Path(folder)


def _synthesize(tree: Path, environment: str) -> None:
    # As the CDK's command line runs an app, which every commit understands; a commit's own `python -m stacks`
    # may take other arguments, or lint.
    context = json.loads((tree / "cdk.json").read_text("utf-8"))["context"]
    context |= {"env": environment, "aws:cdk:bundling-stacks": []}
    variables = {"CDK_OUTDIR": f"cdk.out/{environment}", "CDK_CONTEXT_JSON": json.dumps(context)}
    run([sys.executable, "app.py"], folder=tree, variables={**cdk.variables(), **variables}, to_stderr=True)
