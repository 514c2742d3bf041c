from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import catalogue
from model_artifacts.blip2.__main__ import main
from model_artifacts.blip2.tools.calibration import command, samples
from model_artifacts.blip2.tools.calibration.command import calibrate, document, write_calibration
from model_artifacts.blip2.tools.calibration.labels import LabelError
from model_artifacts.blip2.tools.calibration.questions import measured
from model_artifacts.blip2.tools.errors import ArtifactError
from model_artifacts.blip2_demo import MODEL
from model_artifacts.blip2_demo.drawing import labelling
from tests.model_artifacts.blip2.tools.calibration.made import Bias, MadeSet

GREY = {"catalogue": "v", "log_p": {"mug": -1.5}}


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The labels of 40 drawn goods, on small photos."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(labelling, "_SIZE", (120, 90))
        return labelling.label(40, tmp_path_factory.mktemp("drawn"))


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Few photos are enough, and raw answers are kept for this test alone."""
    monkeypatch.setattr(samples, "FEWEST", 30)
    monkeypatch.setattr(samples, "FEWEST_OF_EACH", 3)
    monkeypatch.setattr(command, "WORK", tmp_path / "work")


@pytest.mark.usefixtures("few")
def test_demo_is_calibrated_on_drawn_goods(
    drawn: Path, tmp_path: Path, inference: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (MODEL / "manifest.json").read_bytes()
    out = tmp_path / "calibrated"

    assert main(["calibrate", "--model", "demo", "--photos", str(drawn), "--out", str(out)]) == 0

    told = capsys.readouterr()
    stated = json.loads((out / "manifest.json").read_text())["calibration"]
    assert stated["catalogue"] == catalogue.load(catalogue.DRAWN).version
    assert stated["photos"] == 40
    assert {"type", "material"} <= stated.keys() and "colour" not in stated
    assert 0.5 <= stated["type"]["threshold"] <= 1
    assert (MODEL / "manifest.json").read_bytes() == before
    report = drawn.parent / "calibration"
    assert (report / "calibration.md").read_text().strip() == told.out.strip()
    assert {"type.svg", "material.svg"} <= {file.name for file in report.iterdir()}
    assert "| type" in told.out and "asked about 40 photos" in told.err
    loaded = inference.read_manifest(out).calibration
    assert loaded.scale("type").threshold == stated["type"]["threshold"]
    assert not loaded.of_catalogue("0123456789abcdef").scales


def test_existing_copy_is_left_alone(drawn: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match=r"--out .* is there already"):
        calibrate("demo", drawn, out=tmp_path)


def test_model_must_be_a_folder(drawn: Path, tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="must be demo or a BLIP-2's folder"):
        calibrate(str(tmp_path), drawn)


def test_too_few_labels_are_told_before_work(drawn: Path) -> None:
    with pytest.raises(LabelError, match="needs 100 labelled photos, and there are: type 40, material 40"):
        calibrate("demo", drawn)


def test_wrong_label_ends_the_command(
    drawn: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "wrong.csv"
    file.write_text(drawn.read_text().replace(",mug,", ",mugg,"))

    assert main(["calibrate", "--model", "demo", "--photos", str(file)]) == 1

    assert "type = 'mugg': is unknown: did you mean mug?" in capsys.readouterr().err


def test_document_states_each_fit() -> None:
    goods = catalogue.load(catalogue.DRAWN)
    found = document(
        measured(MadeSet(goods, Bias(alpha=0.25)).add(600, Path()).products, goods, 0.9), "v", 600
    )

    assert found.keys() == {"catalogue", "photos", "type", "material", "wear"}
    assert found["type"].keys() == {"temperature", "threshold", "alpha"}
    assert found["type"]["alpha"] == 0.25
    assert found["material"].keys() == {"temperature", "threshold"}
    assert found["wear"].keys() == {"chip", "crack", "dent"}
    assert json.loads(json.dumps(found, allow_nan=False)) == found


def test_document_states_the_tiles() -> None:
    goods = catalogue.load(catalogue.DRAWN)
    results = measured(MadeSet(goods).add(300, Path()).products, goods, 0.9)

    assert document(results, goods.version, 300, wear_tiles=4)["wear_tiles"] == 4
    assert "wear_tiles" not in document(results, goods.version, 300)


def test_imprecise_question_is_never_answered(tmp_path: Path, inference: Any) -> None:
    from probabilities import share_by_odds

    goods = catalogue.load(catalogue.DRAWN)
    products = MadeSet(goods).add(300, Path()).products
    wrong = dict(zip(goods.kinds, reversed([*goods.kinds]), strict=True))
    mistaken = [(replace(one, type=wrong.get(one.type or "", one.type)), raw) for one, raw in products]

    found = document(measured(mistaken, goods, 0.9), goods.version, 300)
    write_calibration(tmp_path, found, GREY | {"catalogue": goods.version})

    scale = inference.read_manifest(tmp_path).calibration.scale("type")
    assert scale.threshold == 1.0
    assert share_by_odds(1.0, scale.temperature) < scale.threshold
    assert share_by_odds(1.0, 1.0) < scale.threshold


def test_priors_come_with_an_alpha_and_go_without(tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_text(
        '{"name": "x", "version": "x-0", "files": {}, "prompts": {"a": 1}}'
    )

    write_calibration(tmp_path, {"type": {"alpha": 0.5}}, GREY)

    assert json.loads((tmp_path / "priors.json").read_text()) == GREY
    assert json.loads((tmp_path / "manifest.json").read_text()) == {
        "name": "x",
        "prompts": {"a": 1},
        "calibration": {"type": {"alpha": 0.5}},
    }
    write_calibration(tmp_path, {"type": {"alpha": 0.0}}, GREY)
    assert [file.name for file in tmp_path.iterdir()] == ["manifest.json"]


def test_failed_write_keeps_the_old_calibration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_calibration(tmp_path, {"photos": 1}, GREY)

    def full(*_: object) -> None:
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space"):
        write_calibration(tmp_path, {"type": {"alpha": 0.5}}, GREY)

    assert json.loads((tmp_path / "manifest.json").read_text())["calibration"] == {"photos": 1}
    assert not (tmp_path / "priors.json").exists()
