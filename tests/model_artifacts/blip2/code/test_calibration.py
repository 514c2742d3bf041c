from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

VERSION = "0123456789abcdef"
STATED: dict[str, Any] = {
    "catalogue": VERSION,
    "photos": 500,
    "type": {"temperature": 1.1, "threshold": 0.6, "alpha": 0.0},
    "material": {"temperature": 0.9, "threshold": 0.7},
    "wear": {"chip": [0.8, -1.1]},
}


@pytest.fixture
def read(inference: Any) -> Any:
    import calibration

    return calibration.read_manifest


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "model.safetensors").write_bytes(b"weights")
    return tmp_path


def write(folder: Path, **stated: object) -> None:
    (folder / "manifest.json").write_text(json.dumps({"name": "demo"} | stated))


def test_bare_folder_is_named_by_hash(read: Any, folder: Path) -> None:
    one = read(folder)
    assert one.artifact.startswith(f"{folder.name}-")
    (folder / "model.safetensors").write_bytes(b"others")
    assert read(folder).artifact != one.artifact


def test_stated_version_is_the_artifact(read: Any, folder: Path) -> None:
    write(folder, version="demo-0123456789ab")
    assert read(folder).artifact == "demo-0123456789ab"


def test_calibration_is_read(read: Any, folder: Path) -> None:
    write(folder, calibration=STATED)

    found = read(folder).calibration

    assert (found.scale("type").temperature, found.scale("type").threshold) == (1.1, 0.6)
    assert (found.scale("colour").temperature, found.scale("colour").threshold) == (1, 0.5)
    assert (found.line("chip"), found.line("dent")) == ((0.8, -1.1), (1, 0))
    assert found.alpha == 0


def test_calibration_of_another_catalogue_is_left(read: Any, folder: Path) -> None:
    write(folder, calibration=STATED)

    found = read(folder).calibration

    assert found.of_catalogue(VERSION) == found
    assert found.of_catalogue("f" * 16).scales == {}


@pytest.mark.parametrize(
    ("family", "question"),
    [
        ("t5", "Question: {} Short answer:"),
        ("opt", "Question: {} Answer:"),
        (None, "Question: {} Answer:"),
    ],
)
def test_family_decides_the_prompt(read: Any, folder: Path, family: str | None, question: str) -> None:
    if family:
        (folder / "config.json").write_text(json.dumps({"text_config": {"model_type": family}}))

    assert read(folder).question_prompt == question


def test_stated_prompts_are_taken(read: Any, folder: Path) -> None:
    write(folder, prompts={"question": "Q: {} A:", "caption": "this is"})

    manifest = read(folder)

    assert (manifest.question_prompt, manifest.caption_prompt) == ("Q: {} A:", "this is")


def test_priors_come_with_alpha(read: Any, folder: Path) -> None:
    write(folder, calibration=STATED | {"type": {"temperature": 1, "threshold": 0.5, "alpha": 0.4}})
    priors = {"catalogue": VERSION, "log_p": {"mug": -3.5}}
    (folder / "priors.json").write_text(json.dumps(priors))

    assert read(folder).priors == {"mug": -3.5}

    (folder / "priors.json").write_text(json.dumps(priors | {"catalogue": "f" * 16}))
    with pytest.raises(ValueError, match=r"priors\.json: is not of the calibration's catalogue .* run `cal"):
        read(folder)


@pytest.mark.parametrize(
    ("log_p", "named"),
    [
        ({"mug": float("nan")}, "log_p.mug: must be a number, not 'nan'"),
        ({"mug": "-3"}, "log_p.mug: must be a number, not '-3'"),
        ([-3.5], "log_p: must be an object"),
        (None, "log_p: must be an object"),
    ],
)
def test_wrong_prior_is_named(read: Any, folder: Path, log_p: object, named: str) -> None:
    write(folder, calibration=STATED | {"type": {"temperature": 1, "threshold": 0.5, "alpha": 0.4}})
    (folder / "priors.json").write_text(json.dumps({"catalogue": VERSION, "log_p": log_p}))

    with pytest.raises(ValueError, match=r"priors\.json: log_p") as caught:
        read(folder)

    assert named in str(caught.value)


@pytest.mark.parametrize("name", ["manifest.json", "config.json", "priors.json"])
@pytest.mark.parametrize("text", ['{"calibration": {"cata', "[]", "\udcff"])
def test_half_a_file_is_named(read: Any, folder: Path, name: str, text: str) -> None:
    write(folder, calibration=STATED | {"type": {"temperature": 1, "threshold": 0.5, "alpha": 0.4}})
    (folder / name).write_text(text, "utf-8", "surrogateescape")

    with pytest.raises(ValueError, match=rf"{name}: must be a JSON object"):
        read(folder)


def test_folder_names_an_artifact_that_the_service_takes(read: Any, tmp_path: Path) -> None:
    folder = tmp_path / "my model (2), «best»"
    folder.mkdir()

    artifact = read(folder).artifact

    assert re.fullmatch(r"[\w .:@/+-]+", artifact)
    assert artifact.startswith("my model -2-- -best--")


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"type": {"temperature": "hot", "threshold": 0.5}}, "calibration.type.temperature: must be a num"),
        ({"type": {"temperature": 0, "threshold": 0.5}}, "calibration.type.temperature: must be more than 0"),
        ({"material": {"temperature": 1}}, "calibration.material.threshold: must be a number, not 'None'"),
        ({"material": []}, "calibration.material: must be an object"),
        ({"wear": {"chip": [1]}}, "calibration.wear.chip: must be a slope and an offset"),
        ({"wear": {"chip": [1, True]}}, "calibration.wear.chip: must be a number"),
        ({"wear": [1]}, "calibration.wear: must be an object"),
        ({"wear_tiles": 3}, "calibration.wear_tiles: must be 0 or 4, not '3'"),
        ({"catalogue": None}, "calibration: must be an object with the catalogue's version"),
        ({"type": {"temperature": 1, "threshold": None}}, "calibration.type.threshold: must be a number"),
        ({"colour": {"temperature": 1, "threshold": 1.01}}, "calibration.colour.threshold: must be from 0"),
        ({"pattern": {"temperature": 1e999, "threshold": 1}}, "calibration.pattern.temperature: must be a n"),
        ({"type": {"temperature": 1, "threshold": 1, "alpha": 2}}, "calibration.type.alpha: must be from 0"),
        ({"wear": {"chip": [float("nan"), 0]}}, "calibration.wear.chip: must be a number, not 'nan'"),
    ],
)
def test_wrong_calibration_is_named(read: Any, folder: Path, change: dict[str, Any], named: str) -> None:
    write(folder, calibration=STATED | change)

    with pytest.raises(ValueError, match=r"manifest\.json") as caught:
        read(folder)

    assert named in str(caught.value)


@pytest.mark.parametrize("prompts", [{"question": "no place"}, {"question": 3}, {"caption": ""}])
def test_wrong_prompt_is_named(read: Any, folder: Path, prompts: dict[str, Any]) -> None:
    write(folder, prompts=prompts)

    with pytest.raises(ValueError, match=r"manifest\.json: prompts\.(question|caption): must be a text"):
        read(folder)
