from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from model_artifacts.blip2_demo import MODEL

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def read(inference: Any) -> Any:
    return inference.read_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    return tmp_path


def test_bare_folder_is_named_by_hash(read: Any, folder: Path) -> None:
    one = read(folder)
    assert one.artifact.startswith(f"{folder.name}-")
    assert one.questions is None
    (folder / "model.safetensors").write_bytes(b"others")
    assert read(folder).artifact != one.artifact


def test_stated_version_is_the_artifact(read: Any, folder: Path) -> None:
    (folder / "manifest.json").write_text(json.dumps({"name": "demo", "version": "demo-0123456789ab"}))
    assert read(folder).artifact == "demo-0123456789ab"


def test_questions_come_from_the_vocabulary(read: Any, folder: Path) -> None:
    (folder / "vocabulary.json").write_text(json.dumps({"version": "7", "type": {}, "wear": {}}))
    assert read(folder).questions == {"type", "wear"}


def test_calibration_is_read(read: Any) -> None:
    stated = json.loads((MODEL / "manifest.json").read_text("utf-8"))
    manifest = read(MODEL)
    assert manifest.temperature == stated["temperature"]
    assert manifest.platt == {tag: tuple(line) for tag, line in stated["platt"].items()}
