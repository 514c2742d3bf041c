from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import catalogue
from catalogue import Catalogue
from model_artifacts.blip2.tools.calibration.labels import LabelError, read_labels

if TYPE_CHECKING:
    from pathlib import Path

HEAD = "photo,type,material,colour,pattern,wear\n"


@pytest.fixture(scope="module")
def goods() -> Catalogue:
    return catalogue.load()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.jpg").write_bytes(name.encode())
    return tmp_path


def written(folder: Path, lines: str, head: str = HEAD) -> Path:
    file = folder / "labelled.csv"
    file.write_text(head + lines, "utf-8")
    return file


def problems(folder: Path, goods: Catalogue, lines: str, head: str = HEAD) -> list[str]:
    with pytest.raises(LabelError) as refused:
        read_labels(written(folder, lines, head), goods)
    return [line.removeprefix(f"{folder}/labelled.csv") for line in str(refused.value).splitlines()]


def test_labels_of_several_photos_are_read(folder: Path, goods: Catalogue) -> None:
    file = written(folder, "a.jpg|b.jpg,mug,ceramic,blue,,chip|crack,test\n", HEAD.strip() + ",split\n")

    (found,) = read_labels(file, goods)

    assert found.photos == (folder / "a.jpg", folder / "b.jpg")
    assert (found.type, found.material, found.colour, found.pattern) == ("mug", "ceramic", "blue", None)
    assert (found.wear, found.split) == (frozenset({"chip", "crack"}), "test")


def test_empty_cell_is_unknown_and_none_is_a_label(folder: Path, goods: Catalogue) -> None:
    unknown, whole = read_labels(written(folder, "a.jpg,mug,,,,\nb.jpg,other,,,,none\n"), goods)

    assert (unknown.wear, whole.wear) == (None, frozenset())
    assert unknown.is_in_catalogue and not whole.is_in_catalogue


def test_every_wrong_line_is_told(folder: Path, goods: Catalogue) -> None:
    found = problems(
        folder, goods, "a.jpg,mugg,ceramic,,,\nb.jpg,mug,wool,bleu,,scuf|chip|chip\nz.jpg,mug,,,,none|chip\n"
    )

    assert found == [
        ":2: type = 'mugg': is unknown: did you mean mug?",
        *(line for line in found if line.startswith(":3: material = 'wool': is unknown")),
        ":3: colour = 'bleu': is unknown: did you mean blue?",
        *(line for line in found if line.startswith(":3: wear = 'scuf|chip|chip': 'scuf' is unknown")),
        ":3: wear = 'scuf|chip|chip': write each tag only once",
        f":4: photo = 'z.jpg': there is no file z.jpg in {folder}: add it, or remove the line",
        ":4: wear = 'none|chip': write none alone, or the tags without it",
    ]
    assert sum("of the department kitchen" in line for line in found) == 2


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ("a.jpg,mug,,,,\na.jpg,mug,,,,\n", "a.jpg is also at line 2"),
        ("a.jpg,,,,,\n", "label something of this photo"),
        (",mug,,,,\n", "write 1 to 8 paths"),
        (f"{'|'.join(['a.jpg'] * 9)},mug,,,,\n", "write 1 to 8 paths"),
        ("a.jpg,mug\n", "it has 2 fields: write the 6"),
        ('a.jpg,"mug,,,,\n', "balance the quotes"),
        ("", "has no line that can be read"),
        (".,mug,,,,\n", "there is no file . in"),
    ],
)
def test_wrong_lines_name_a_remedy(folder: Path, goods: Catalogue, lines: str, told: str) -> None:
    assert told in problems(folder, goods, lines)[0]


def test_same_photo_under_two_names_is_refused(folder: Path, goods: Catalogue) -> None:
    (folder / "b.jpg").write_bytes(b"a")

    (told,) = problems(folder, goods, "a.jpg,mug,,,,\nb.jpg,mug,,,,\n")

    assert told == ":3: photo = 'b.jpg': b.jpg is the same photo as a.jpg at line 2"


def test_question_without_answers_takes_no_label(folder: Path) -> None:
    drawn = catalogue.load(catalogue.DRAWN)

    (told,) = problems(folder, drawn, "a.jpg,mug,,blue,,\n")

    assert "the catalogue has no answers to this question: leave it empty" in told


def test_wrong_first_line_is_refused(folder: Path, goods: Catalogue) -> None:
    assert "the first line must be photo,type" in problems(folder, goods, "", "photo,kind\n")[0]


def test_wrong_split_is_refused(folder: Path, goods: Catalogue) -> None:
    head = HEAD.strip() + ",split\n"

    assert "allowed: fit, test, or nothing" in problems(folder, goods, "a.jpg,mug,,,,,train\n", head)[0]


def test_missing_and_binary_files_are_refused(tmp_path: Path, goods: Catalogue) -> None:
    (tmp_path / "binary.csv").write_bytes(b"\xff\xfe\x00")

    with pytest.raises(LabelError, match="is missing"):
        read_labels(tmp_path / "absent.csv", goods)
    with pytest.raises(LabelError, match="save it as UTF-8"):
        read_labels(tmp_path / "binary.csv", goods)


def test_huge_file_lists_its_first_problems(folder: Path, goods: Catalogue) -> None:
    found = problems(folder, goods, "x.jpg,mug,,,,\n" * 20_000)

    assert len(found) == 41
    assert found[-1].startswith("and ")
