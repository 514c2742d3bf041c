"""Answers of a calibrated model against those of the same model without its calibration."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from .asking import CLOSE, ask, pooled
from .conftest import ALL, DEPARTMENTS, KINDS, VERSION

if TYPE_CHECKING:
    from PIL import Image


def test_calibration_scales_every_answer(
    inference: Any, random_model: Any, random_photos: list[Image.Image]
) -> None:
    from calibration import Calibration, Scale

    scales: Any = {
        "type": Scale(2.5, 0.6),
        "material": Scale(0.4, 0.7),
        "colour": Scale(3.0, 0.8),
        "pattern": Scale(1.5, 0.9),
    }
    platt = {tag: (0.5, -1.0) for own in DEPARTMENTS.values() for tag in own["wear"]}
    manifest = replace(random_model.manifest, calibration=Calibration(VERSION, scales, platt=platt))
    raw = ask(inference, random_model, random_photos)

    answer = ask(inference, replace(random_model, manifest=manifest), random_photos)

    for one, before in zip(answer["kinds"], raw["kinds"], strict=True):
        odds = (before["p"] / (1 - before["p"])) ** (1 / 2.5)
        assert one["p"] == pytest.approx(odds / (1 + odds))
    odds = (raw["said"]["p"] / (1 - raw["said"]["p"])) ** (1 / 2.5)
    assert answer["said"] == raw["said"] | {"p": pytest.approx(odds / (1 + odds))}
    assert answer["rest"] == raw["rest"]
    for question in ("material", "colour", "pattern"):
        power = {key: p ** (1 / scales[question].temperature) for key, p in raw[question].items()}
        expected = {key: p / sum(power.values()) for key, p in power.items()}
        assert answer[question] == pytest.approx(expected)
    for photo, before in zip(answer["wear"], raw["wear"], strict=True):
        for tag, (p,) in photo.items():
            margin = np.log(before[tag][0] / (1 - before[tag][0]))
            assert p == pytest.approx(1 / (1 + np.exp(1 - 0.5 * margin)), abs=CLOSE)
    assert answer["calibrated"] is True
    assert answer["thresholds"] == {"type": 0.6, "material": 0.7, "colour": 0.8, "pattern": 0.9}


@pytest.mark.parametrize(
    ("questions", "calibrated"),
    [(("type", "material"), True), (("type", "colour"), False), (("type", "wear"), False)],
)
def test_every_answer_must_be_calibrated(
    inference: Any,
    random_model: Any,
    random_photos: list[Image.Image],
    questions: tuple[str, ...],
    calibrated: bool,
) -> None:
    from calibration import Calibration, Scale

    measured = Calibration(VERSION, {"type": Scale(), "material": Scale()}, platt={"chip": (1.0, 0.0)})
    model = replace(random_model, manifest=replace(random_model.manifest, calibration=measured))

    answer = ask(inference, model, random_photos[:1], ("kitchen",), questions)

    assert answer["calibrated"] is calibrated


@pytest.mark.parametrize(("measured", "asked_tiles"), [(0, 0), (0, 4), (4, 0), (4, 4)])
def test_wear_is_calibrated_for_its_tiles(
    inference: Any, random_model: Any, random_photos: list[Image.Image], measured: int, asked_tiles: int
) -> None:
    from calibration import Calibration, Scale

    platt = dict.fromkeys(DEPARTMENTS["kitchen"]["wear"], (1.0, 0.0))
    fitted = Calibration(VERSION, {"type": Scale()}, platt=platt, wear_tiles=measured)
    model = replace(random_model, manifest=replace(random_model.manifest, calibration=fitted))

    answer = ask(inference, model, random_photos[:1], ("kitchen",), ("type", "wear"), asked_tiles)

    assert answer["calibrated"] is (measured == asked_tiles)


@pytest.mark.parametrize("departments", [ALL, ("living",)])
def test_priors_rank_the_kinds(
    inference: Any, random_model: Any, random_photos: list[Image.Image], departments: tuple[str, ...]
) -> None:
    from calibration import Calibration, Scale

    names = random_model.catalogue.tree.names
    priors = dict(zip(names, np.random.default_rng(1).uniform(-12, -1, len(names)).tolist(), strict=True))
    measured = Calibration(VERSION, {"type": Scale()}, alpha=0.8)
    manifest = replace(random_model.manifest, calibration=measured, priors=priors)
    every = [name for d in departments for own in KINDS[d].values() for name in own]
    p = pooled(random_model, random_photos, "what is this ?", every, every)
    scores = {
        kind: sum(p[name] * np.exp(-0.8 * priors[name]) for name in own)
        for d in departments
        for kind, own in KINDS[d].items()
    }

    answer = ask(inference, replace(random_model, manifest=manifest), random_photos, departments)

    expected = sorted(scores, key=scores.__getitem__, reverse=True)[:5]
    assert [one["id"] for one in answer["kinds"]] == expected
    for one in answer["kinds"]:
        (own,) = (KINDS[d][one["id"]] for d in departments if one["id"] in KINDS[d])
        assert one["p"] == pytest.approx(sum(p[name] for name in own))
