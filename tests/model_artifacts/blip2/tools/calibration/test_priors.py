from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import catalogue
from model_artifacts.blip2.tools.calibration import priors
from model_artifacts.blip2.tools.calibration.raw_model import RawModel
from model_artifacts.blip2.tools.calibration.samples import ALPHAS
from model_artifacts.blip2_demo import MODEL
from services.core.photos.photo import prepare

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def raw() -> RawModel:
    return RawModel(MODEL, catalogue.load(catalogue.DRAWN))


@pytest.fixture(scope="module")
def mug(request: pytest.FixtureRequest) -> bytes:
    return prepare((request.config.rootpath / "examples/photos/drawn-mug.jpg").read_bytes(), "mug").model_jpeg


def test_priors_are_what_the_search_finds(raw: RawModel) -> None:
    from search import Search

    loaded = raw.loaded
    features = loaded.scorer.encode([priors.GREY])
    (found,), _ = loaded.scorer.search(
        features, [Search((0,), priors.type_prompt(loaded))], loaded.catalogue.tree, top=10
    )

    named = dict(zip(loaded.catalogue.tree.names, priors.grey_log_p(loaded).tolist(), strict=True))

    assert {one.name: one.p for one in found.top} == pytest.approx(
        {name: np.exp(log_p) for name, log_p in named.items()}, abs=1e-4
    )


def test_kept_priors_are_read_and_wrong_ones_made_anew(raw: RawModel, tmp_path: Path) -> None:
    file = tmp_path / "priors.json"
    stated = raw.use_priors(file)

    assert json.loads(file.read_text()) == stated
    changed = dict.fromkeys(stated["log_p"], -2.0)
    file.write_text(json.dumps(stated | {"log_p": changed}))
    assert raw.use_priors(file)["log_p"] == changed
    file.write_text(file.read_text()[:40])
    assert raw.use_priors(file) == stated


def test_each_alpha_has_a_top_kind(raw: RawModel, mug: bytes, tmp_path: Path) -> None:
    # A name that is likely without a photo loses, if alpha counts.
    names = raw.loaded.catalogue.tree.names
    log_p = {name: (0.0 if name == "mug" else -60.0) for name in names}
    (tmp_path / "priors.json").write_text(json.dumps({"log_p": log_p}))
    raw.use_priors(tmp_path / "priors.json")

    (answer,) = raw.answer([[mug]])

    assert not isinstance(answer, Exception)
    assert len(answer.tops) == len(ALPHAS)
    assert answer.tops[0][0] == "mug" and answer.tops[0][1] > 0.9
    assert answer.tops[-1][0] != "mug" and answer.tops[-1][1] < 0.1


def test_raw_answers_ignore_the_calibration(raw: RawModel, mug: bytes) -> None:
    scaled = replace(
        raw.loaded.manifest.calibration, platt={"chip": (3.0, 3.0)}, catalogue=raw.loaded.catalogue.version
    )
    assert raw.loaded.manifest.calibration == type(scaled)()

    (answer,) = raw.answer([[mug]])

    assert not isinstance(answer, Exception)
    assert set(answer.margins) == set(raw.loaded.catalogue.wear)
    assert sum(answer.shares["material"].values()) == pytest.approx(1)


def test_answer_that_fails_fails_alone(raw: RawModel, mug: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    def predict(requests: list[Any], _: Any) -> list[Any]:
        whole = raw_predict(requests[1:], raw.loaded)
        return [ValueError("NonFiniteScore: NaN"), *whole]

    raw_predict = raw._inference.predict_batch
    monkeypatch.setattr(raw._inference, "predict_batch", predict)

    failed, answered = raw.answer([[mug], [mug]])

    assert str(failed) == "NonFiniteScore: NaN"
    assert not isinstance(answered, Exception)
