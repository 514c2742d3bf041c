"""`make diff BASE=…`: how two commits' templates differ, without an account and without cfn-lint."""

import json
import subprocess
from pathlib import Path

import pytest
from rich.console import Console

from ops.commands.diff import diff_commit

pytestmark = pytest.mark.system
APP = """
import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm

app = cdk.App()
name = app.node.get_context("env")
before = cdk.Stack(app, f"{{name}}-before")
ssm.StringParameter(before, "Parameter", string_value="always")
for name_, value in {stacks}.items():
    stack = cdk.Stack(app, f"{{name}}-{{name_}}")
    stack.add_dependency(before)
    ssm.StringParameter(stack, "Parameter", string_value=value)
app.synth()
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
    """Two commits of a small app, each stack after another: one changes, one comes and one goes."""
    for folder in ("stacks", "environments"):
        (tmp_path / folder).mkdir()
    (tmp_path / "environments" / "shop.toml").touch()
    (tmp_path / "cdk.json").write_text(json.dumps({"app": "python app.py", "context": {}}))
    (tmp_path / ".gitignore").write_text("cdk.out\n")
    subprocess.run(["git", "init", "--quiet"], cwd=tmp_path, check=True)
    commit(tmp_path, {"kept": "one", "former": "x"}, LINTS)
    commit(tmp_path, {"kept": "two", "new": "x"}, SYNTHESIZES)
    return tmp_path


def test_commit_is_compared_with_templates(repository: Path, capfd: pytest.CaptureFixture[str]) -> None:
    diff_commit("HEAD~1", Console(soft_wrap=True), repository)
    out = capfd.readouterr().out
    assert "Stack shop-kept" in out
    assert "[~] AWS::SSM::Parameter" in out
    assert "Stack shop-new is new" in out
    assert "Stack shop-former is gone" in out
    left = subprocess.run(["git", "worktree", "list"], cwd=repository, capture_output=True, check=True)
    assert len(left.stdout.splitlines()) == 1
