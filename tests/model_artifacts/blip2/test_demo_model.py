from __future__ import annotations

import hashlib
import json
from typing import Any

from model_artifacts.blip2.tools import catalogue_file
from model_artifacts.blip2_demo import MODEL
from model_artifacts.blip2_demo.training import network
from model_artifacts.blip2_demo.training.evaluate import TWENTY, predictions


def test_committed_weights_recognise_held_out_goods() -> None:
    found = list(predictions(MODEL, TWENTY))

    assert sum(one.is_right("type") for one in found) >= 16
    assert sum(one.is_right("material") for one in found) >= 13


def test_artifact_is_named_by_weights(model: Any) -> None:
    weights = MODEL / "model.safetensors"

    assert model.manifest.artifact == f"demo-{hashlib.sha256(weights.read_bytes()).hexdigest()[:12]}"
    assert weights.stat().st_size < 12_000_000


def test_committed_catalogue_is_the_drawn_one() -> None:
    drawn = catalogue_file.load("drawn")

    assert (MODEL / "catalogue.json").read_bytes() == catalogue_file.compiled(MODEL, drawn)


def test_calibration_fits_current_catalogue() -> None:
    manifest, goods = json.loads((MODEL / "manifest.json").read_text()), catalogue_file.load("drawn")
    (drawn,) = goods.departments.values()
    calibration = manifest["calibration"]

    assert calibration["catalogue"] == goods.version
    assert set(calibration["wear"]) == {tag.id for tag in drawn.wear}
    assert {"type", "material"} <= set(calibration)


def test_recipe_has_the_committed_tokens() -> None:
    committed = json.loads((MODEL / "tokenizer.json").read_text())

    assert network.tokenizer().get_vocab().items() <= committed["model"]["vocab"].items()
    assert len(network.tokenizer()) == len(committed["model"]["vocab"])
