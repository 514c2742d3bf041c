"""`make diff BASE=…`: what changes against a commit, without an account and without cfn-lint."""

import json
import subprocess
from pathlib import Path

import pytest

from ops.commands.diff import Wanted, diff_commit

pytestmark = pytest.mark.system
# Writes what the CDK would, as far as it is read.
APP = """
import json, os, pathlib

name = json.loads(os.environ["CDK_CONTEXT_JSON"])["env"]
folder = pathlib.Path(os.environ["CDK_OUTDIR"])
folder.mkdir(parents=True)
(folder / "settings.json").write_text(json.dumps({{"name": name, "target": "aws"}}))
for stack, value in {{"before": "always", **{stacks}}}.items():
    parameter = {{"Type": "AWS::SSM::Parameter", "Properties": {{"Type": "String", "Value": value}}}}
    template = json.dumps({{"Resources": {{"Parameter": parameter}}}})
    (folder / f"{{name}}-{{stack}}.template.json").write_text(template)
"""
# The base commit's own command is not run: it may lint, and find something.
LINTS = "raise SystemExit('cfn-lint is not installed, and there is a finding')"
SYNTHESIZES = """
import json, os, subprocess, sys
assert sys.argv[1:] == ["--no-lint"]
context = json.dumps({"env": "shop"})
environment = {**os.environ, "CDK_OUTDIR": "cdk.out/shop", "CDK_CONTEXT_JSON": context}
subprocess.run([sys.executable, "app.py"], env=environment, check=True)
"""


def commit(repository: Path, stacks: dict[str, str], command: str) -> None:
    (repository / "app.py").write_text(APP.format(stacks=stacks))
    (repository / "stacks" / "__main__.py").write_text(command)
    identity = ("-c", "user.name=test", "-c", "user.email=test@example.com")
    for arguments in (("add", "--all"), (*identity, "commit", "--quiet", "--message", "a commit")):
        subprocess.run(["git", *arguments], cwd=repository, check=True)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """Two commits of a small app: one stack changes, one comes and one goes."""
    for folder in ("stacks", "environments"):
        (tmp_path / folder).mkdir()
    (tmp_path / "environments" / "shop.toml").touch()
    (tmp_path / "cdk.json").write_text(json.dumps({"app": "python app.py", "context": {}}))
    (tmp_path / ".gitignore").write_text("cdk.out\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    commit(tmp_path, {"kept": "one", "former": "x"}, LINTS)
    commit(tmp_path, {"kept": "two", "new": "x"}, SYNTHESIZES)
    return tmp_path


def test_commit_is_compared_with_templates(
    repository: Path, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (repository / "cdk.out" / "former").mkdir(parents=True)  # of an environment that is there no more
    file = tmp_path / "comment.md"
    assert diff_commit("HEAD~1", Wanted(comment=file), repository) == 0
    out = capfd.readouterr().out
    assert out == file.read_text("utf-8")
    assert "### shop: resources change" in out
    assert "(SSM::Parameter) changes: Value: one → two" in out
    assert "shop-new: the stack is new" in out
    assert "shop-former: the stack is declared no more; what is deployed of it stays" in out
    # The settings of this app price nothing.
    assert "Costs are not known: " in out
    left = subprocess.run(["git", "worktree", "list"], cwd=repository, capture_output=True, check=True)
    assert len(left.stdout.splitlines()) == 1
