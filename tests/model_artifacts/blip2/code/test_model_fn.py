"""What `model_fn` refuses to load, and what it has done when it returns."""

from __future__ import annotations

import json
import logging
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from model_artifacts.blip2_demo import MODEL

from .asking import Document, predict

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """The demo's folder, to be changed."""
    for file in MODEL.iterdir():
        shutil.copy(file, tmp_path)
    return tmp_path


def change(path: Path, field: str, **values: object) -> None:
    document = json.loads(path.read_text("utf-8"))
    document[field] |= values
    path.write_text(json.dumps(document))


def test_folder_without_catalogue_is_refused(inference: Any, copy: Path) -> None:
    (copy / "catalogue.json").unlink()

    with pytest.raises(ValueError, match=r"catalogue\.json: is missing: serve a packaged model"):
        inference.model_fn(str(copy))


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("tree", {"kinds": {"mug": {"mug": [36]}}}),
        ("tree", {"kinds": {"mug": {"mug": [99_999]}}}),
        ("tree", {"kinds": {"mug": {"mug zeppelin": [35]}}}),
        ("materials", {"wood": ["zeppelin wood"]}),
    ],
)
def test_catalogue_of_another_tokenizer_is_refused(
    inference: Any, copy: Path, field: str, values: Document
) -> None:
    path = copy / "catalogue.json"
    change(path, field, **values)
    if field == "tree":
        departments = {"drawn": {"kinds": ["mug"], "materials": ["wood"], "wear": ["chip"]}}
        path.write_text(json.dumps(json.loads(path.read_text()) | {"departments": departments}))

    with pytest.raises(ValueError, match=r"was made for another model's tokenizer.*: package the"):
        inference.model_fn(str(copy))


def test_calibration_of_another_catalogue_is_left_out(
    inference: Any, copy: Path, document: Document, caplog: pytest.LogCaptureFixture
) -> None:
    change(copy / "manifest.json", "calibration", catalogue="f" * 16)

    with caplog.at_level(logging.WARNING):
        answer = predict(inference, inference.model_fn(str(copy)), document)

    assert answer["calibrated"] is False
    assert answer["thresholds"]["type"] == 0.5
    (line,) = (record.getMessage() for record in caplog.records if record.name == "inference")
    assert "is not calibrated for its catalogue" in line
    assert line.endswith(f"but for {'f' * 16}: answers say so")


def test_missing_prior_is_named(inference: Any, copy: Path, document: Document) -> None:
    change(copy / "manifest.json", "calibration", type={"temperature": 1, "threshold": 0.5, "alpha": 0.5})
    priors = {"catalogue": document["catalogue"], "log_p": {"mug": -1.0}}
    (copy / "priors.json").write_text(json.dumps(priors))

    with pytest.raises(ValueError, match=r"priors\.json: log_p has no 'bag': run `calibrate` again"):
        inference.model_fn(str(copy))


def test_first_request_warms_the_model_up(
    inference: Any, copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    warmed: list[Any] = []
    answer_all = inference.answer_all

    def noted(*given: Any) -> Any:
        warmed.append(given[0])
        return answer_all(*given)

    monkeypatch.setattr(inference, "answer_all", noted)

    inference.model_fn(str(copy))

    (((request,),)) = warmed
    assert (request.departments, request.questions) == (("drawn",), ("type", "material", "wear"))
