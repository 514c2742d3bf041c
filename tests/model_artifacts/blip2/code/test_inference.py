from __future__ import annotations

import base64
import io
import json
from dataclasses import replace
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
import torch
from PIL import Image
from sagemaker_inference.errors import BaseInferenceToolkitError

from model_artifacts.blip2_demo.training.evaluate import encode, predict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

Document = dict[str, Any]


def refused(
    inference: Any, body: object, content_type: str = "application/json"
) -> BaseInferenceToolkitError:
    text = body if isinstance(body, (str, bytes)) else json.dumps(body)
    with pytest.raises(BaseInferenceToolkitError) as caught:
        inference.input_fn(text, content_type)
    return caught.value


def test_answer_has_probabilities_caption_artifact(
    inference: Any, model: Any, photos: list[Image.Image]
) -> None:
    answer = predict(inference, model, photos)

    kinds, materials, wear = (item["scores"] for item in answer["answers"])
    assert [item["id"] for item in answer["answers"]] == ["type", "material", "wear"]
    assert (len(kinds), len(materials), len(wear)) == (1, 1, len(photos))
    assert sum(kinds[0].values()) == pytest.approx(1)
    assert sum(materials[0].values()) == pytest.approx(1)
    assert all(0 <= share <= 1 for photo in wear for share in photo.values())
    assert answer["caption"].startswith("a ")
    assert answer["artifact"].startswith("demo-")


def test_wear_is_scored_per_photo(inference: Any, model: Any, photos: list[Image.Image]) -> None:
    together = predict(inference, model, photos)["answers"][2]["scores"]
    alone = [predict(inference, model, [photo])["answers"][2]["scores"][0] for photo in photos]

    for one, other in zip(together, alone, strict=True):
        assert one == pytest.approx(other, abs=1e-4)


def test_multi_word_candidates_are_scored(inference: Any, model: Any, document: Document) -> None:
    words = ["blue mug", "blue", "vase with a crack", "mug"]
    document["questions"] = [{"id": "what", "kind": "choice", "text": "what is this?", "candidates": words}]

    scores = inference.predict_fn(inference.input_fn(json.dumps(document)), model)["answers"][0]["scores"]

    assert list(scores[0]) == words
    assert sum(scores[0].values()) == pytest.approx(1)


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
        ({"questions": []}, "questions: must be a list of 1 to 16 entries"),
        ({"questions": ["what?"]}, "questions[0]: must be an object"),
    ],
)
def test_invalid_field_is_named(inference: Any, document: Document, change: Document, named: str) -> None:
    error = refused(inference, document | change)

    assert error.status_code == 400
    assert named in error.message


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"kind": "essay"}, "questions[0].kind: must be one of choice, set, not 'essay'"),
        ({"kind": "set"}, "questions[0].text: a question of kind set must hold {tag}"),
        ({"text": ""}, "questions[0].text: must be a text"),
        ({"id": 3}, "questions[0].id: must be a text"),
        ({"candidates": []}, "questions[0].candidates: must be a list of 1 to 64"),
        ({"candidates": ["mug", "mug"]}, "questions[0].candidates: each may be named once"),
        ({"candidates": ["mug", None]}, "questions[0].candidates[1]: must be a text"),
        ({"id": "material"}, "questions: each id may be used once"),
    ],
)
def test_invalid_question_is_named(inference: Any, document: Document, change: Document, named: str) -> None:
    document["questions"][0] |= change

    assert named in refused(inference, document).message


@pytest.mark.parametrize("body", ["", "{", "[]", b"\xff\xfe", "7"])
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


def test_candidate_without_tokens_is_refused(
    inference: Any, model: Any, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nothing(texts: list[str], **options: object) -> SimpleNamespace:
        return SimpleNamespace(input_ids=[[] for _ in texts])

    monkeypatch.setattr(model.scorer, "tokenizer", nothing)

    with pytest.raises(BaseInferenceToolkitError, match="no tokens") as caught:
        inference.predict_fn(inference.input_fn(json.dumps(document)), model)

    assert caught.value.status_code == 400


def test_nan_score_is_a_named_error(
    inference: Any, model: Any, document: Document, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = torch.full((1, 12, 128), torch.nan)
    monkeypatch.setattr(model.scorer, "encode", lambda photos: broken)

    with pytest.raises(BaseInferenceToolkitError, match="NonFiniteScore") as caught:
        inference.predict_fn(inference.input_fn(json.dumps(document)), model)

    assert caught.value.status_code == 500


def test_unknown_candidate_is_named(inference: Any, model: Any, document: Document) -> None:
    document["questions"][1]["candidates"].append("zeppelin")

    with pytest.raises(BaseInferenceToolkitError) as caught:
        inference.predict_fn(inference.input_fn(json.dumps(document)), model)

    assert caught.value.status_code == 400
    assert caught.value.message == "questions[1].candidates: the model has no tokens for 'zeppelin'"


def test_unknown_question_is_refused(inference: Any, model: Any, document: Document) -> None:
    knowing = replace(model, manifest=replace(model.manifest, questions=frozenset({"wear", "type"})))

    with pytest.raises(BaseInferenceToolkitError) as caught:
        inference.predict_fn(inference.input_fn(json.dumps(document)), knowing)

    assert caught.value.status_code == 400
    assert caught.value.message == "questions[1].id: 'material' is not known; the questions are type, wear"


@pytest.mark.parametrize(
    ("cuda", "native", "dtype"),
    [(False, False, torch.float32), (True, False, torch.float16), (True, True, torch.bfloat16)],
)
def test_device_decides_precision(
    inference: Any, monkeypatch: pytest.MonkeyPatch, cuda: bool, native: bool, dtype: torch.dtype
) -> None:
    def supported(including_emulation: bool = True) -> bool:
        return native or including_emulation

    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda)
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)

    assert inference.precision() == dtype


def test_other_language_model_is_refused(inference: Any, tmp_path: Path) -> None:
    config = SimpleNamespace(
        image_token_index=3, num_query_tokens=12, text_config=SimpleNamespace(model_type="llama")
    )

    with pytest.raises(ValueError, match=r"config\.json: text_config must be a T5 or an OPT, not llama"):
        inference._check_config(tmp_path, config)


@pytest.mark.parametrize("end", [None, [1, 2]])
def test_config_without_end_token_is_refused(inference: Any, tmp_path: Path, end: object) -> None:
    text = SimpleNamespace(model_type="opt", eos_token_id=end)
    config = SimpleNamespace(image_token_index=3, num_query_tokens=12, text_config=text)

    with pytest.raises(ValueError, match=r"config\.json: text_config\.eos_token_id must be the one token"):
        inference._check_config(tmp_path, config)
