from __future__ import annotations

import base64
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
import torch
from PIL import Image
from sagemaker_inference.errors import BaseInferenceToolkitError

from model_artifacts.blip2_demo.drawing.drawing import draw
from model_artifacts.blip2_demo.training.evaluate import encode

from .asking import Document, predict

if TYPE_CHECKING:
    from collections.abc import Callable


def refused(
    inference: Any, body: object, content_type: str = "application/json"
) -> BaseInferenceToolkitError:
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    with pytest.raises(BaseInferenceToolkitError) as caught:
        inference.input_fn(text, content_type)
    return caught.value


def test_demo_answers_as_trained(
    inference: Any, model: Any, document: Document, photos: list[Image.Image]
) -> None:
    document |= {"photos": [encode(photo) for photo in photos], "wear_tiles": 4}

    answer = predict(inference, model, document)

    assert len(answer["kinds"]) == 5
    assert sum(one["p"] for one in answer["kinds"]) + answer["rest"][1] == pytest.approx(1, abs=0.1)
    assert answer["said"]["id"] == answer["kinds"][0]["id"]
    assert answer["department"] == "drawn"
    assert sum(answer["material"].values()) == pytest.approx(1)
    assert (answer["colour"], answer["pattern"]) == ({}, {})
    assert len(answer["wear"]) == len(photos)
    assert {len(views) for photo in answer["wear"] for views in photo.values()} == {5}
    assert answer["caption"].startswith("a ")
    assert answer["artifact"].startswith("demo-")
    # Its wear is calibrated without tiles.
    assert answer["calibrated"] is False
    assert predict(inference, model, document | {"wear_tiles": 0})["calibrated"] is True


def test_state_tells_why_a_pass_has_no_graph(
    inference: Any, model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from graphs import Graphs

    assert inference.state(model) == "ready on cpu, without CUDA graphs"

    def refuses(work: object, reset: object) -> Any:
        raise RuntimeError("the driver is too old\nat line 3")

    graphs = Graphs(refuses)
    graphs.run("encode", lambda values: (values,), torch.zeros(1))
    monkeypatch.setattr(model.scorer, "graphs", graphs)

    assert inference.state(model) == (
        "ready on cpu, 0 CUDA graphs, and without them where a capture failed: encode: the driver is too old"
    )


def test_eight_smallest_photos_have_tiles(inference: Any, model: Any, document: Document) -> None:
    sizes = [(1, 1), (1, 384), (384, 1), (2, 3), (3, 2), (1, 2), (2, 1), (384, 384)]
    document |= {"photos": [encode(Image.new("RGB", size, "white")) for size in sizes], "wear_tiles": 4}

    answer = predict(inference, model, document)

    assert [{len(views) for views in photo.values()} for photo in answer["wear"]] == [{5}] * 8


@pytest.mark.parametrize("seed", range(100_000, 100_006))
def test_drawn_goods_are_recognised(inference: Any, model: Any, document: Document, seed: int) -> None:
    drawing = draw(seed, (480, 360), aspect=4 / 3)

    answer = predict(inference, model, document | {"photos": [encode(drawing.image)]})

    assert answer["kinds"][0]["id"] == answer["said"]["id"] == drawing.type
    assert answer["kinds"][0]["p"] > answer["thresholds"]["type"]
    assert max(answer["material"], key=answer["material"].__getitem__) == drawing.material


@pytest.mark.parametrize("kind", [str, bytes, bytearray])
def test_text_and_bytes_are_parsed(inference: Any, document: Document, kind: Callable[..., Any]) -> None:
    text = json.dumps(document)
    body = text if kind is str else kind(text.encode())

    assert len(inference.input_fn(body, "application/json; charset=utf-8").photos) == 1


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"photos": []}, "photos: must be a list of 1 to 8 entries, not 0 entries"),
        ({"photos": "x"}, "photos: must be a list"),
        ({"photos": ["AA=="] * 9}, "photos: must be a list of 1 to 8 entries, not 9 entries"),
        ({"photos": [7]}, "photos[0]: must be base64 text"),
        ({"photos": ["@@@"]}, "photos[0]: not valid base64"),
        ({"photos": ["bm90IGEgcGhvdG8="]}, "photos[0]: not a JPEG"),
        ({"photos": ["A" * 3_000_000]}, "photos[0]: larger than"),
        (
            {"catalogue": None},
            "catalogue: must be the version of a catalogue, 16 hexadecimal digits, not None",
        ),
        ({"catalogue": "E49E45DF1AD17AA2"}, "catalogue: must be the version of a catalogue"),
        ({"catalogue": "0" * 17}, "catalogue: must be the version of a catalogue"),
        ({"departments": []}, "departments: must be a list of 1 to 64 entries, not 0 entries"),
        ({"departments": None}, "departments: must be a list of 1 to 64 entries, not NoneType"),
        ({"departments": ["drawn", "drawn"]}, "departments[1]: 'drawn' is named twice"),
        ({"departments": [["drawn"]]}, "departments[0]: must be an id, not ['drawn']"),
        ({"questions": []}, "questions: must be a list of 1 to 5 entries, not 0 entries"),
        ({"questions": ["what?"]}, "questions[0]: must be one of type, material, colour, pattern, wear, not"),
        ({"questions": ["wear", "material"]}, "questions: must hold type"),
        ({"questions": ["type", "type"]}, "questions[1]: 'type' is named twice"),
        ({"questions": [{"id": "type", "kind": "choice"}]}, "questions[0]: must be an id, not"),
        ({"wear_tiles": 1}, "wear_tiles: must be 0 or 4, not 1"),
        ({"wear_tiles": True}, "wear_tiles: must be 0 or 4, not True"),
        ({"wear_tiles": "4"}, "wear_tiles: must be 0 or 4, not '4'"),
        ({"wear_tiles": None}, "wear_tiles: must be 0 or 4, not None"),
    ],
)
def test_invalid_field_is_named(inference: Any, document: Document, change: Document, named: str) -> None:
    error = refused(inference, document | change)

    assert error.status_code == 400
    assert named in error.message


@pytest.mark.parametrize("field", ["photos", "catalogue", "departments", "questions"])
def test_missing_field_is_named(inference: Any, document: Document, field: str) -> None:
    del document[field]

    assert refused(inference, document).message.startswith(f"{field}: must be ")


def test_long_value_is_shortened(inference: Any, document: Document) -> None:
    message = refused(inference, document | {"catalogue": "x" * 100_000}).message

    assert len(message) < 200


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"departments": ["drawn", "shoes"]}, "departments[1]: must be one of drawn, not 'shoes'"),
        (
            {"questions": ["type", "colour"]},
            "questions[1]: the artifact's catalogue has no answers for colour; ask type, material, wear",
        ),
        ({"catalogue": "0123456789abcdef"}, "CatalogueMismatch: the request is for catalogue 0123456789abc"),
    ],
)
def test_request_of_another_catalogue_is_refused(
    inference: Any, model: Any, document: Document, change: Document, named: str
) -> None:
    with pytest.raises(BaseInferenceToolkitError) as caught:
        predict(inference, model, document | change)

    assert caught.value.status_code == 400
    assert caught.value.message.startswith(named)


@pytest.mark.parametrize("body", ["", "{", "[]", b"\xff\xfe", "7", "[" * 200_000])
def test_non_object_body_is_refused(inference: Any, body: str | bytes) -> None:
    assert refused(inference, body).message.startswith("body: ")


def test_too_many_pixels_are_refused(inference: Any, document: Document) -> None:
    stream = io.BytesIO()
    Image.new("L", (9000, 9000)).save(stream, "JPEG", quality=1)
    document["photos"] = [base64.b64encode(stream.getvalue()).decode()]

    assert "photos[0]: 9000 x 9000 is more than" in refused(inference, document).message


def test_truncated_photo_is_refused(inference: Any, document: Document, photos: list[Image.Image]) -> None:
    whole = base64.b64decode(encode(photos[0]))
    document["photos"] = [base64.b64encode(whole[: len(whole) // 2]).decode()]

    assert "photos[0]: not a JPEG" in refused(inference, document).message


def test_other_content_type_is_refused(inference: Any, document: Document) -> None:
    assert refused(inference, document, "image/jpeg").status_code == 415


def test_other_accept_is_refused(inference: Any) -> None:
    with pytest.raises(BaseInferenceToolkitError) as caught:
        inference.output_fn({}, "text/csv")

    assert caught.value.status_code == 406


def test_nan_score_is_a_named_error(
    inference: Any, model: Any, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = torch.full((1, 12, 128), torch.nan)
    monkeypatch.setattr(model.scorer, "encode", lambda photos: broken)

    with pytest.raises(BaseInferenceToolkitError, match="NonFiniteScore") as caught:
        inference.predict_fn(inference.input_fn(json.dumps(document)), model)

    assert caught.value.status_code == 500
