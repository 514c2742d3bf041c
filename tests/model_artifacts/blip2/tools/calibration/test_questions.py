"""The fits of a model whose bias is known, by the whole path from labels and raw answers to the manifest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit

import catalogue
from catalogue import Catalogue
from model_artifacts.blip2.tools.calibration import fitting
from model_artifacts.blip2.tools.calibration.command import document
from model_artifacts.blip2.tools.calibration.measuring import Measured, Uncalibrated
from model_artifacts.blip2.tools.calibration.questions import measured
from model_artifacts.blip2.tools.calibration.samples import Line, Scale
from tests.model_artifacts.blip2.tools.calibration.made import Bias, MadeSet


@pytest.fixture(scope="module")
def goods() -> Catalogue:
    return catalogue.load(catalogue.DRAWN)


@pytest.fixture(scope="module")
def made(goods: Catalogue) -> MadeSet:
    return MadeSet(goods).add(6_000, Path())


@pytest.fixture(scope="module")
def found(made: MadeSet, goods: Catalogue) -> dict[str, Any]:
    return {one.question: one for one in measured(made.products, goods, 0.9)}


def test_known_type_bias_is_recovered(found: dict[str, Any], made: MadeSet) -> None:
    fit: Scale = found["type"].fit

    assert fit.alpha == made.bias.alpha
    assert fit.temperature == pytest.approx(made.bias.type, rel=0.08)
    claimed = np.array([raw.tops[0][1] for _, raw in made.products])
    p = expit(fitting.log_odds(claimed) / fit.temperature)
    assert np.abs(p - np.array(made.true_type)).max() <= 0.02


def test_known_material_bias_is_recovered(found: dict[str, Any], made: MadeSet) -> None:
    assert found["material"].fit.temperature == pytest.approx(made.bias.material, rel=0.05)


@pytest.mark.parametrize("tag", ["chip", "crack", "dent"])
def test_known_wear_line_is_recovered(found: dict[str, Any], made: MadeSet, tag: str) -> None:
    fit: Line = found[f"wear: {tag}"].fit

    margins = np.linspace(-8, 10, 50)
    off = expit(fit.slope * margins + fit.offset) - expit(made.bias.slope * margins + made.bias.offset)
    assert np.abs(off).max() <= 0.02 * 2  # at margins that few photos have
    assert (fit.slope, fit.offset) == pytest.approx((made.bias.slope, made.bias.offset), abs=0.1)


def test_unseen_photos_are_claimed_truly(found: dict[str, Any]) -> None:
    for one in found.values():
        if isinstance(one, Measured):
            assert one.error_after <= 0.03 < one.error_before


def test_threshold_holds_on_unseen_photos(found: dict[str, Any]) -> None:
    for question in ("type", "material"):
        assert found[question].precision == pytest.approx(0.9, abs=0.03)
        assert 0.1 < found[question].given < 1


def test_equal_alphas_take_the_smallest(goods: Catalogue, made: MadeSet) -> None:
    products = [(labelled, replace(raw, tops=raw.tops[:1] * 5)) for labelled, raw in made.products[:300]]

    (one,) = [one for one in measured(products, goods, 0.9) if one.question == "type"]

    assert isinstance(one, Measured) and isinstance(one.fit, Scale)
    assert one.fit.alpha == 0


def test_tag_without_photos_stays_uncalibrated(found: dict[str, Any]) -> None:
    assert found["wear: tear"] == Uncalibrated("wear: tear", 0, "0 labelled photos; 100 are needed")


def test_rare_tag_stays_uncalibrated(goods: Catalogue) -> None:
    products = MadeSet(goods, Bias(offset=-9)).add(400, Path()).products

    (chip,) = [one for one in measured(products, goods, 0.9) if one.question == "wear: chip"]

    assert isinstance(chip, Uncalibrated)
    assert "labelled photos with it; 10 are needed" in chip.reason


def test_few_photos_leave_all_uncalibrated(goods: Catalogue, made: MadeSet) -> None:
    found = measured(made.products[:99], goods, 0.9)

    assert all(isinstance(one, Uncalibrated) for one in found)


@pytest.mark.parametrize("is_right", [True, False])
def test_unanimous_photos_are_fitted(goods: Catalogue, made: MadeSet, is_right: bool) -> None:
    products = [
        (replace(labelled, type=raw.tops[0][0] if is_right else "other"), replace(raw, tops=raw.tops[:1]))
        for labelled, raw in made.products[:200]
    ]

    stated = document(measured(products, goods, 0.9), goods.version, 200)

    assert stated["type"]["threshold"] < 1 if is_right else stated["type"]["threshold"] == 1
    assert 0 < stated["type"]["temperature"] <= 20.0001


def test_broader_kind_is_right_and_narrower_is_not(made: MadeSet) -> None:
    goods = catalogue.load()
    narrow = next(kind for kind in goods.kinds.values() if kind.broader)
    base = made.products[:200]

    def accuracy(label: str, top: str) -> float | None:
        products = [
            (replace(one, type=label, material=None, wear=None), replace(raw, tops=((top, 0.8),)))
            for one, raw in base
        ]
        result = measured(products, goods, 0.9)[0]
        assert isinstance(result, Measured)
        return result.accuracy

    assert accuracy(narrow.id, str(narrow.broader)) == 1
    assert accuracy(str(narrow.broader), narrow.id) == 0


def test_material_of_another_department_counts_as_wrong(goods: Catalogue, made: MadeSet) -> None:
    products = [
        (one, replace(raw, shares={"material": {"elsewhere": 1.0}} if number % 2 else raw.shares))
        for number, (one, raw) in enumerate(made.products[:400])
    ]

    material = measured(products, goods, 0.9)[1]

    assert isinstance(material, Measured)
    assert material.accuracy is not None and material.accuracy < 0.5
    assert material.fit.temperature == pytest.approx(2.5, rel=0.2)  # type: ignore[union-attr]


def test_test_split_alone_is_measured(goods: Catalogue, made: MadeSet) -> None:
    products = [
        (replace(one, split="test" if number < 100 else "fit"), raw)
        for number, (one, raw) in enumerate(made.products[:400])
    ]

    kind = measured(products, goods, 0.9)[0]

    assert isinstance(kind, Measured)
    assert (kind.photos, len(kind.after.p)) == (400, 100)
