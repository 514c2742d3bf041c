"""The SDK's answer: asked for in a process of its own, and remembered with all that it depends on."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from stacks.model import container
from stacks.model.container import ContainerError

ARGUMENTS = ["--region", "ca-central-1", "--instance-type", "ml.g4dn.xlarge"]


class Sdk:
    """Stands in for the process that imports the SDK; counts how often it was asked."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.answer = subprocess.CompletedProcess([], 0, json.dumps({"Image": "one"}), "")

    def run(self, command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        self.asked.append(command)
        return self.answer


@pytest.fixture
def sdk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Sdk:
    sdk = Sdk()
    monkeypatch.setattr(container, "ANSWERS", tmp_path / "containers")
    monkeypatch.setattr(container, "LOCK", tmp_path / "containers.json")
    monkeypatch.setattr(container, "REQUIREMENTS", tmp_path / "requirements.txt")
    container.LOCK.write_text("{}")
    container.REQUIREMENTS.write_text("boto3==1.0\nsagemaker==2.257.7\n")
    monkeypatch.setattr(subprocess, "run", sdk.run)
    return sdk


def test_what_is_committed_is_what_the_sdk_says() -> None:
    committed = container.LOCK.read_text()
    answers = container.committed_answers()
    assert json.loads(committed) == answers, "run `make lock`"
    assert len(answers) == 2


def test_what_is_committed_is_not_asked_again(sdk: Sdk) -> None:
    container.LOCK.write_text(json.dumps({container._key(ARGUMENTS): {"Image": "committed"}}))
    assert container._remembered(ARGUMENTS) == {"Image": "committed"}
    assert not sdk.asked


def test_the_sdk_is_asked_once(sdk: Sdk) -> None:
    assert container._remembered(ARGUMENTS) == {"Image": "one"}
    assert container._remembered(ARGUMENTS) == {"Image": "one"}
    assert len(sdk.asked) == 1
    assert sdk.asked[0][-4:] == ARGUMENTS


def test_another_instance_sdk_or_definition_is_another_question(
    sdk: Sdk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    container._remembered(ARGUMENTS)
    container._remembered([*ARGUMENTS[:3], "ml.c6i.xlarge"])
    container.REQUIREMENTS.write_text("sagemaker==2.258.0\n")
    container._remembered(ARGUMENTS)
    changed = tmp_path / "definition.py"
    changed.write_text("# another")
    monkeypatch.setattr(container, "DEFINITION", changed)
    container._remembered(ARGUMENTS)
    assert len(sdk.asked) == 4


def test_a_damaged_memory_is_no_memory(sdk: Sdk) -> None:
    container._remembered(ARGUMENTS)
    (file,) = container.ANSWERS.iterdir()
    file.write_text('{"Ima')
    assert container._remembered(ARGUMENTS) == {"Image": "one"}


def test_a_folder_that_cannot_be_written_costs_time_and_nothing_else(
    sdk: Sdk, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr(container, "ANSWERS", tmp_path / "file")
    assert container._remembered(ARGUMENTS) == {"Image": "one"}


def test_a_refusal_is_told_and_not_remembered(sdk: Sdk) -> None:
    sdk.answer = subprocess.CompletedProcess([], 1, "", "a warning\nUnsupported instance type\n")
    with pytest.raises(ContainerError, match=r"ml\.g4dn\.xlarge: Unsupported instance type"):
        container._remembered(ARGUMENTS)
    assert not container.ANSWERS.exists()


def test_without_the_sdk_the_file_that_names_it_is_named(sdk: Sdk) -> None:
    sdk.answer = subprocess.CompletedProcess([], 1, "", "No module named 'sagemaker'\n")
    with pytest.raises(ContainerError, match=r"requirements\.txt.*No module named 'sagemaker'"):
        container._remembered(ARGUMENTS)
