"""The one PyTorchModel, by the command that the stack calls: the SDK is imported in its process alone."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

import pytest

from model_artifacts.blip2.tools.packaging import CODE

ROOT = CODE.parents[2]


def container(*arguments: str) -> subprocess.CompletedProcess[str]:
    # Names resolve nowhere and no address answers, unless the SDK asks none.
    offline = {"PATH": "/nowhere", "HTTPS_PROXY": "http://127.0.0.1:9", "AWS_PROFILE": "of somebody else"}
    return subprocess.run(
        [sys.executable, "-m", "model_artifacts.blip2", "container", *arguments],
        cwd=ROOT,
        env=offline,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def gpu() -> dict[str, Any]:
    done = container("--region", "ca-west-1", "--instance-type", "ml.g4dn.xlarge")
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def test_the_sdk_knows_the_regions_image_account_and_the_instances_device(gpu: dict[str, Any]) -> None:
    assert gpu["Image"] == "204538143572.dkr.ecr.ca-west-1.amazonaws.com/pytorch-inference:2.6-gpu-py312"


def test_the_container_runs_one_worker_of_the_archives_own_handlers(gpu: dict[str, Any]) -> None:
    variables = gpu["Environment"]
    assert variables["SAGEMAKER_PROGRAM"] == "inference.py"
    assert (CODE / variables["SAGEMAKER_PROGRAM"]).is_file()
    assert variables["SAGEMAKER_SUBMIT_DIRECTORY"] == "/opt/ml/model/code"
    assert variables["SAGEMAKER_TS_MAX_WORKERS"] == "1"
    assert "SAGEMAKER_TS_BATCH_SIZE" not in variables


def test_all_that_the_runtime_lets_through_reaches_the_handlers(gpu: dict[str, Any]) -> None:
    assert int(gpu["Environment"]["TS_MAX_REQUEST_SIZE"]) > 6_291_456


def test_another_image_takes_the_place_of_awss() -> None:
    image = "111122223333.dkr.ecr.ca-central-1.amazonaws.com/blip2:1"
    done = container("--region", "ca-central-1", "--instance-type", "ml.g4dn.xlarge", "--image-uri", image)
    assert json.loads(done.stdout)["Image"] == image


def test_an_instance_without_an_image_is_told_in_the_sdks_words() -> None:
    done = container("--region", "ca-central-1", "--instance-type", "ml.c7g.xlarge")
    assert done.returncode == 1
    assert "Unsupported pytorch version" in done.stderr
    assert "Traceback" not in done.stderr
