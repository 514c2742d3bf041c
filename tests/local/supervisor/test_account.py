"""The stack outputs as a front end gets them."""

import json
import os
from pathlib import Path

import psutil
import pytest

from cli.errors import UserError
from local.home import Home
from local.supervisor import processes
from local.supervisor.account import stack_outputs, url_by_path


def test_host_url_becomes_path_url() -> None:
    assert url_by_path("http://e13d6e96.execute-api.localhost:4566", 4566) == (
        "http://127.0.0.1:4566/_aws/execute-api/e13d6e96/$default"
    )


@pytest.mark.parametrize(
    "url", ["https://api.example.com", "http://127.0.0.1:4566/_aws/execute-api/x/$default"]
)
def test_other_urls_stay(url: str) -> None:
    assert url_by_path(url, 4566) == url


def test_outputs_of_all_stacks_are_merged(tmp_path: Path) -> None:
    home = Home(tmp_path)
    exported = {"ExportsOutputRefImages123": "images", "ExportsOutputFnGetAttKeyArn4": "arn"}
    stacks = {"a": {"Region": "ca-central-1"}, "b": {"ReportsTable": "t", **exported}}
    home.outputs.write_text(json.dumps(stacks))
    own = processes.ProcessRecord(os.getpid(), psutil.Process().create_time(), 4566, "x")
    processes.save_records(home, {"emulator": own})
    assert stack_outputs(home) == {"Region": "ca-central-1", "ReportsTable": "t"}


def test_ended_emulator_has_no_outputs(tmp_path: Path) -> None:
    Home(tmp_path).outputs.write_text("{}")
    with pytest.raises(UserError, match="Nothing is deployed"):
        stack_outputs(Home(tmp_path))
