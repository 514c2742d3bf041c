"""The CDK's command line: which Node runs it, what it gets, and what its end leaves."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from cli import cdk
from cli.errors import UserError

FAKE = """
import os, sys, time
print("arguments", *sys.argv[2:])
print("variables", os.environ.get("ONE"), os.environ["JSII_NODE"] != "", "HOME" in os.environ)
if "SLEEP" in os.environ:
    print("sleeps", flush=True)
    time.sleep(float(os.environ["SLEEP"]))
    print("woke")
sys.exit(int(os.environ.get("STATUS", "0")))
"""


@pytest.fixture
def fake(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A CDK that is run by Python in Node's place."""
    script = tmp_path / "cdk"
    script.write_text(FAKE)
    monkeypatch.setattr(cdk, "CDK", script)
    monkeypatch.setattr(cdk, "node", lambda: Path(sys.executable))
    return tmp_path


def logged(folder: Path, **environment: str) -> str:
    log = folder / "log"
    command = cdk.CdkCommand(("synth",), folder)
    asyncio.run(cdk.run_cdk_logged(command, environment, log, lambda: None))
    return log.read_text()


def test_log_holds_output(fake: Path) -> None:
    assert logged(fake, ONE="1") == "arguments --no-color synth\nvariables 1 True False\n"


def test_failure_names_log_and_last_lines(fake: Path) -> None:
    with pytest.raises(UserError, match="`cdk synth` ended with status 3") as raised:
        logged(fake, STATUS="3")
    assert str(fake / "log") in raised.value.hint
    assert raised.value.details[0] == "arguments --no-color synth"


def test_cancelled_run_ends_the_cdk(fake: Path) -> None:
    log = fake / "log"

    async def cancel() -> None:
        command = cdk.CdkCommand(("deploy",), fake)
        run = asyncio.create_task(cdk.run_cdk_logged(command, {"SLEEP": "60"}, log, lambda: None))
        while "sleeps" not in (log.read_text() if log.exists() else ""):
            assert not run.done()
            await asyncio.sleep(0.02)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run

    asyncio.run(cancel())
    assert "woke" not in log.read_text()


def test_missing_cdk_is_reported(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cdk, "CDK", tmp_path / "none")
    with pytest.raises(UserError, match="not installed") as raised:
        cdk.run_cdk(cdk.synth("dev", tmp_path))
    assert "make setup-deploy" in raised.value.hint


def test_node_runs() -> None:
    node = cdk.node()
    assert node is not None
    assert node.is_file()


def test_assembly_names_stacks_with_dependencies(tmp_path: Path) -> None:
    stack = "aws:cloudformation:stack"
    artifacts = {
        "a": {"type": stack, "dependencies": ["a.assets"]},
        "b": {"type": stack, "dependencies": ["a", "b.assets"]},
        "a.assets": {"type": "cdk:asset-manifest"},
    }
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    assert cdk.assembly_stacks(tmp_path) == {"a": [], "b": ["a"]}


def test_stacks_without_resources_are_to_delete(tmp_path: Path) -> None:
    templates: dict[str, Any] = {
        "a": {"Resources": {"One": {}}},
        "b": {"Parameters": {}},
        "c": {"Resources": {}},
    }
    artifacts = {}
    for name, template in templates.items():
        file = f"{name}.template.json"
        artifacts[name] = {"type": "aws:cloudformation:stack", "properties": {"templateFile": file}}
        (tmp_path / file).write_text(json.dumps(template))
    (tmp_path / "manifest.json").write_text(json.dumps({"artifacts": artifacts}))
    assert cdk.stacks_to_delete(tmp_path) == ["b", "c"]
