from __future__ import annotations

import json
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
    ("change", "named"),
    [
        ({"type": {"temperature": "hot", "threshold": 0.5}}, "calibration.type.temperature: must be a num"),
        ({"type": {"temperature": 0, "threshold": 0.5}}, "calibration.type.temperature: must be more than 0"),
        ({"material": {"temperature": 1}}, "calibration.material.threshold: must be a number, not 'None'"),
        ({"material": []}, "calibration.material: must be an object"),
        ({"wear": {"chip": [1]}}, "calibration.wear.chip: must be a slope and an offset"),
        ({"wear": {"chip": [1, True]}}, "calibration.wear.chip: must be a number"),
        ({"wear": [1]}, "calibration.wear: must be an object"),
        ({"catalogue": None}, "calibration: must be an object with the catalogue's version"),
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
