from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from model_artifacts.blip2.tools import catalogue_file, packaging
from model_artifacts.blip2_photo import MODEL, conversion, network
from model_artifacts.blip2_photo.goods import goods
from services.core.domain.assessment import assess
from services.core.photos.photo import prepare
from services.core.vision.answer import parse_observation
from services.core.vision.endpoint import request_body

if TYPE_CHECKING:
    from services.core.domain.assessment import Assessment

PHOTOS = Path(__file__).parents[3] / "examples" / "photos"
WEIGHTS = MODEL / "model.safetensors"


@pytest.fixture(scope="module")
def photo_model(inference: Any) -> Any:
    return inference.model_fn(str(MODEL))


def assessed(inference: Any, model: Any, name: str) -> Assessment:
    photo = prepare((PHOTOS / name).read_bytes(), name, with_colours=True)
    body = request_body([photo.model_jpeg], goods(), 0)
    answer, _ = inference.output_fn(inference.predict_fn(inference.input_fn(body), model))
    seen = parse_observation(answer.encode(), 1, goods(), 0)
    return assess(seen, [photo.flaws], goods(), [photo.colours])


def test_cup_of_coffee_is_a_mug_without_grade(inference: Any, photo_model: Any) -> None:
    found = assessed(inference, photo_model, "real-coffee-cup.jpg")

    assert (found.product.type, found.caption) == ("mug", "a mug")
    assert (found.product.material, found.condition.status, found.condition.grade) == (
        "unknown",
        "not_assessed",
        None,
    )


def test_cat_is_unknown(inference: Any, photo_model: Any) -> None:
    found = assessed(inference, photo_model, "real-cat.jpg")

    assert (found.product.type, found.product.suggestion) == ("unknown", None)


def test_model_is_small_and_half_precision() -> None:
    with WEIGHTS.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    assert {one["dtype"] for name, one in header.items() if name != "__metadata__"} == {"F16"}
    assert sum(file.stat().st_size for file in MODEL.iterdir()) <= 16 * 2**20


def test_committed_catalogue_is_the_photographed_one() -> None:
    compiled = catalogue_file.compiled(MODEL, catalogue_file.load("photo"))

    assert (MODEL / "catalogue.json").read_bytes() == compiled


def test_recipe_has_the_committed_tokenizer() -> None:
    recipes = json.loads(network.tokenizer().backend_tokenizer.to_str())

    assert recipes == json.loads((MODEL / "tokenizer.json").read_text())


def test_captions_are_decoded_as_they_are(photo_model: Any) -> None:
    """A hyphen, as of "a t-shirt", is a token of its own."""
    tokens = photo_model.scorer.tokenizer
    captions = network.captions()

    assert any("-" in caption for caption in captions)
    read = tokens.batch_decode(tokens(list(captions)).input_ids, skip_special_tokens=True)
    assert read == list(captions)


def test_archive_carries_notice_and_licence() -> None:
    members = packaging.contents(MODEL)

    assert conversion.PACKAGE.partition("==")[0] in members["NOTICE.txt"].read_text("utf-8")
    assert "Apache License" in members["LICENSE.txt"].read_text("utf-8")
