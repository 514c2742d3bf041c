"""Tools: their failures are reported, and an interruption ends them."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from cli.cdk import ROOT, run
from cli.errors import UserError

STUBBORN = """
import signal, sys, time
signal.signal(signal.SIGINT, signal.SIG_IGN)
open(sys.argv[1], "w").write("started")
time.sleep(60)
"""
CALLER = """
import sys
from cli import cdk
cdk._GRACE_S = 0.3
cdk.run([sys.executable, "-c", *sys.argv[1:]])
"""


def test_stdin_is_in_no_error(capfd: pytest.CaptureFixture[str]) -> None:
    run([sys.executable, "-c", "print(input()[::-1])"], stdin="secret")
    assert capfd.readouterr().out == "terces\n"
    with pytest.raises(UserError, match="ended with status 3") as raised:
        run([sys.executable, "-c", "raise SystemExit(3)"], stdin="secret")
    assert "secret" not in f"{raised.value}{raised.value.hint}"


def test_missing_tool_is_reported() -> None:
    with pytest.raises(UserError, match="no-such-tool does not start"):
        run(["no-such-tool"])


def test_variables_and_folder_reach_tool(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    run(["sh", "-c", 'echo "$ONE"; pwd'], folder=tmp_path, variables={"ONE": "1"})
    assert capfd.readouterr().out.split() == ["1", str(tmp_path)]


def test_interrupted_caller_ends_its_tool(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    with subprocess.Popen(
        [sys.executable, "-c", CALLER, STUBBORN, str(mark)],
        cwd=ROOT,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    ) as caller:
        try:
            while not mark.exists():
                assert caller.poll() is None
                time.sleep(0.05)
            os.killpg(caller.pid, signal.SIGINT)
            assert caller.wait(60) == -signal.SIGINT
            with pytest.raises(ProcessLookupError):
                os.killpg(caller.pid, 0)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(caller.pid, signal.SIGKILL)
