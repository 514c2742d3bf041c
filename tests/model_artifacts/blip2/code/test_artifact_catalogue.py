from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import catalogue
from model_artifacts.blip2.tools import catalogue_file
from model_artifacts.blip2_demo import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def read(inference: Any) -> Any:
    from artifact_catalogue import ArtifactCatalogue

    return ArtifactCatalogue.read


@pytest.fixture
def document() -> dict[str, Any]:
    written: dict[str, Any] = json.loads((MODEL / catalogue_file.NAME).read_text("utf-8"))
    return written


@pytest.fixture
def write(tmp_path: Path, document: dict[str, Any]) -> Callable[[], Path]:
    def written() -> Path:
        (tmp_path / catalogue_file.NAME).write_text(json.dumps(document))
        return tmp_path

    return written


def test_written_catalogue_is_read(read: Any) -> None:
    found, drawn = read(MODEL), catalogue.load(catalogue.DRAWN)

    assert found.version == drawn.version
    assert found.department_of == {kind.id: kind.department for kind in drawn.kinds.values()}
    assert found.departments["drawn"].wear == tuple(one.id for one in drawn.departments["drawn"].wear)
    assert found.wear["chip"] == "is there a chip on it?"
    assert found.answered == ("type", "material", "wear")


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        ("mug", "mug"),
        ("MUG", "mug"),
        ("a  Mug", "mug"),
        ("the coffee-mug", "mug"),
        ("an iron", "iron"),
        ("a pair of shoes", None),
        ("a pair of ceramic mugs", "mug"),
        ("Ceramic coffee mugs", "mug"),
        ("wood metal iron", "iron"),
        ("ceramic", None),
        ("mug ceramic", None),
        ("a mug of ceramic", None),
        ("big mug", None),
        ("irones", "iron"),
        ("ironsmith", None),
        ("some", None),
        ("a", None),
        ("", None),
        ("mu", None),
        ("t-shirt", "t_shirt"),
        ("t shirt", "t_shirt"),
        ("tshirt", "t_shirt"),
        ("a la carte menu", "menu"),
        ("the the", None),
    ],
)
def test_free_answer_finds_its_kind(
    read: Any, write: Callable[[], Path], document: dict[str, Any], said: str, kind: str | None
) -> None:
    kinds = {
        "mug": {"mug": [1], "coffee mug": [2]},
        "iron": {"iron": [3]},
        "t_shirt": {"t-shirt": [4]},
        "menu": {"a la carte menu": [5]},
    }
    document["tree"] = {"kinds": kinds}
    document["departments"]["drawn"]["kinds"] = [*kinds]

    assert read(write()).kind_named(said) == kind


def test_names_of_a_department(read: Any, write: Callable[[], Path], document: dict[str, Any]) -> None:
    document["departments"]["other"] = {**document["departments"]["drawn"], "kinds": ["mug", "vase"]}
    document["departments"]["drawn"]["kinds"] = [
        kind for kind in document["tree"]["kinds"] if kind not in ("mug", "vase")
    ]

    found = read(write())

    names = [name for name, own in zip(found.tree.names, found.names_of(("other",)), strict=True) if own]
    assert sorted(names) == ["mug", "vase"]
    assert found.names_of(("other", "drawn")).all()


def test_missing_catalogue_names_the_remedy(read: Any, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"catalogue\.json: is missing: serve a packaged model"):
        read(tmp_path)


@pytest.mark.parametrize(
    ("change", "named"),
    [
        (lambda d: d.pop("version"), "version"),
        (lambda d: d["tree"].pop("kinds"), "kinds"),
        (lambda d: d["tree"]["kinds"].pop("mug"), "must have each kind once, and not 'mug'"),
        (
            lambda d: d["departments"]["drawn"]["kinds"].append("mug"),
            "must have each kind once, and not 'mug'",
        ),
        (lambda d: d["departments"]["drawn"].update(materials=["tin"]), "materials: 'tin' is not known"),
        (lambda d: d["tree"]["kinds"].update(mug={"mug": [10]}), "have the same tokens"),
        (lambda d: d["questions"].pop("material"), "questions.material: is missing"),
        (lambda d: d.update(colours={"blue": ["blue"]}, questions={"type": "?", "material": "?"}), "colour"),
        (lambda d: d.update(materials=[]), "package the model again"),
    ],
)
def test_contradiction_is_named(
    read: Any,
    write: Callable[[], Path],
    document: dict[str, Any],
    change: Callable[[dict[str, Any]], None],
    named: str,
) -> None:
    change(document)

    with pytest.raises(ValueError, match=r"catalogue\.json: .*: package the model again") as caught:
        read(write())

    assert named in str(caught.value)


@pytest.mark.parametrize("text", ["", "[]", '{"version": 3', "null"])
def test_other_json_is_refused(read: Any, tmp_path: Path, text: str) -> None:
    (tmp_path / catalogue_file.NAME).write_text(text)

    with pytest.raises(ValueError, match=r"catalogue\.json: .*: package the model again"):
        read(tmp_path)
