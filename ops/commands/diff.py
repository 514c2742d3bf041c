"""`python -m ops diff`: what a deployment would change, against the account or against another commit."""

from __future__ import annotations

import json
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cli import cdk
from cli.cdk import ROOT, run

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console


def diff_commit(base: str, console: Console, root: Path = ROOT) -> None:
    """Print what this checkout's templates change against those of a commit, for every environment.

    Both sides are synthesized here without packaged code; neither an account nor credentials are needed.
    """
    run([sys.executable, "-m", "stacks", "--no-lint"], folder=root)
    with _worktree(root, base) as old:
        for file in sorted((old / "environments").glob("*.toml")):
            _synthesize(old, file.stem)
        after, before = _templates(root), _templates(old)
        for name in sorted(after.keys() & before.keys()):
            stack = name.removesuffix(".template.json").rpartition("/")[2]
            cdk.run_cdk(cdk.diff_template(after[name].parent, stack, before[name]))
        for name, change in (
            *((name, "new") for name in sorted(after.keys() - before.keys())),
            *((name, "gone") for name in sorted(before.keys() - after.keys())),
        ):
            console.print(f"Stack {name.removesuffix('.template.json').rpartition('/')[2]} is {change}")


@contextmanager
def _worktree(root: Path, commit: str) -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder).resolve() / "tree"
        run(["git", "worktree", "add", "--quiet", "--detach", str(tree), commit], folder=root)
        try:
            yield tree
        finally:
            run(["git", "worktree", "remove", "--force", str(tree)], folder=root)


def _synthesize(tree: Path, environment: str) -> None:
    # As the CDK's command line runs an app, which every commit understands; a commit's own `python -m stacks`
    # may take other arguments, or lint.
    context = json.loads((tree / "cdk.json").read_text("utf-8"))["context"]
    context |= {"env": environment, "aws:cdk:bundling-stacks": []}
    variables = {"CDK_OUTDIR": f"cdk.out/{environment}", "CDK_CONTEXT_JSON": json.dumps(context)}
    run([sys.executable, "app.py"], folder=tree, variables={**cdk.variables(), **variables})


def _templates(tree: Path) -> dict[str, Path]:
    """Return the templates of an environment's present settings, by environment/file."""
    environments = {file.stem for file in (tree / "environments").glob("*.toml")}
    return {
        str(file.relative_to(tree / "cdk.out")): file
        for file in (tree / "cdk.out").glob("*/*.template.json")
        if file.parent.name in environments
    }
