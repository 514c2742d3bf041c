"""The PyTorchModel by the command that prints what CreateModel needs."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stderr, redirect_stdout
from typing import Any, NoReturn

import pytest

from model_artifacts.blip2.__main__ import main
from model_artifacts.blip2.tools.packaging import CODE

pytestmark = pytest.mark.system
IMAGE = "111122223333.dkr.ecr.ca-central-1.amazonaws.com/blip2:1"
CALLS = {
    "gpu": ("--region", "ca-west-1", "--instance-type", "ml.g4dn.xlarge"),
    "own image": ("--region", "ca-central-1", "--instance-type", "ml.g4dn.xlarge", "--image-uri", IMAGE),
    "no image": ("--region", "ca-central-1", "--instance-type", "ml.c7g.xlarge"),
}


def no_network(*_: object) -> NoReturn:
    raise AssertionError("the network is used")


@pytest.fixture(scope="module")
def results() -> dict[str, tuple[int, str, str]]:
    """Status, output and error of each call."""
    found = {}
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_PROFILE", "unknown")
        patch.setattr("socket.getaddrinfo", no_network)
        patch.setattr("socket.socket.connect", no_network)
        for name, arguments in CALLS.items():
            with redirect_stdout(io.StringIO()) as out, redirect_stderr(io.StringIO()) as err:
                status = main(["container", *arguments])
            found[name] = (status, out.getvalue(), err.getvalue())
    return found


@pytest.fixture
def gpu(results: dict[str, tuple[int, str, str]]) -> dict[str, Any]:
    status, out, _ = results["gpu"]
    assert status == 0
    found: dict[str, Any] = json.loads(out)
    return found


def test_image_fits_region_and_device(gpu: dict[str, Any]) -> None:
    assert gpu["Image"] == "204538143572.dkr.ecr.ca-west-1.amazonaws.com/pytorch-inference:2.6-gpu-py312"


def test_container_runs_one_worker(gpu: dict[str, Any]) -> None:
    variables = gpu["Environment"]
    assert variables["SAGEMAKER_PROGRAM"] == "inference.py"
    assert (CODE / variables["SAGEMAKER_PROGRAM"]).is_file()
    assert variables["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/model/code"
    assert variables["SAGEMAKER_TS_MAX_WORKERS"] == "1"
    assert "SAGEMAKER_TS_BATCH_SIZE" not in variables


def test_largest_runtime_request_is_accepted(gpu: dict[str, Any]) -> None:
    assert int(gpu["Environment"]["TS_MAX_REQUEST_SIZE"]) > 6_291_456


def test_own_image_replaces_awss(results: dict[str, tuple[int, str, str]]) -> None:
    assert json.loads(results["own image"][1])["Image"] == IMAGE


def test_instance_without_image_is_refused(results: dict[str, tuple[int, str, str]]) -> None:
    status, _, err = results["no image"]
    assert status == 1
    assert "Unsupported pytorch version" in err
    assert "Traceback" not in err
