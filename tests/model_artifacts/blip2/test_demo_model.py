from __future__ import annotations

import hashlib
import json
from typing import Any

from model_artifacts.blip2_demo import MODEL
from model_artifacts.blip2_demo.training.evaluate import TWENTY, predictions
from model_artifacts.blip2_demo.training.network import vocabulary


def test_committed_weights_recognise_held_out_goods() -> None:
    found = list(predictions(MODEL, TWENTY))

    assert sum(one.is_right("type") for one in found) >= 16
    assert sum(one.is_right("material") for one in found) >= 13


def test_artifact_is_named_by_weights(model: Any) -> None:
    weights = MODEL / "model.safetensors"

    assert model.manifest.artifact == f"demo-{hashlib.sha256(weights.read_bytes()).hexdigest()[:12]}"
    assert weights.stat().st_size < 12_000_000


def test_calibration_fits_current_vocabulary() -> None:
    manifest, words = json.loads((MODEL / "manifest.json").read_text()), vocabulary()

    assert manifest["vocabulary_version"] == words["version"]
    assert set(manifest["temperature"]) == {"type", "material"}
    assert set(manifest["platt"]) == set(words["wear"]["candidates"])
