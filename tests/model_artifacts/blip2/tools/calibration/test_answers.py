from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest
from PIL import Image

from model_artifacts.blip2.tools.calibration.answers import (
    AnswerStore,
    NoAnswerError,
    RawAnswer,
    UnusablePhotoError,
    ask,
    raw_answer,
)
from model_artifacts.blip2.tools.calibration.labels import Labelled
from model_artifacts.blip2.tools.errors import ArtifactError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

ANSWER = RawAnswer((("mug", 0.9),), {"material": {"ceramic": 1.0}}, {"chip": -2.5})
LABEL = Labelled(2, (), "mug", None, None, None, None)


class KilledError(Exception):
    """The run ends here."""


@dataclass
class CountingModel:
    """Answers each product alike, until it has answered so many."""

    most: int = 1_000
    asked: list[int] = field(default_factory=list)
    refused: bool = False

    def answer(self, products: Sequence[Sequence[bytes]]) -> list[RawAnswer | NoAnswerError]:
        if len(self.asked) >= self.most:
            raise KilledError
        self.asked += [len(photos) for photos in products]
        return [NoAnswerError("NonFiniteScore: NaN") if self.refused else ANSWER for _ in products]


@pytest.fixture
def labels(tmp_path: Path) -> list[Labelled]:
    found = []
    for number in range(10):
        path = tmp_path / f"{number}.png"
        Image.new("RGB", (32, 32), (number, 0, 0)).save(path)
        found.append(replace(LABEL, line=number + 2, photos=(path,)))
    return found


def test_killed_run_goes_on(tmp_path: Path, labels: list[Labelled]) -> None:
    with pytest.raises(KilledError), AnswerStore(tmp_path / "work").opened() as store:
        ask(tmp_path / "labelled.csv", labels, CountingModel(most=4), store)
    model, told = CountingModel(), []

    with AnswerStore(tmp_path / "work").opened() as store:
        found = ask(
            tmp_path / "labelled.csv", labels, model, store, lambda photos, kept: told.append((photos, kept))
        )

    assert found.products == [(one, ANSWER) for one in labels]
    assert (len(model.asked), told[:4]) == (6, [(1, True)] * 4)


def test_half_written_answer_is_asked_again(tmp_path: Path, labels: list[Labelled]) -> None:
    with AnswerStore(tmp_path).opened() as store:
        ask(tmp_path / "labelled.csv", labels, CountingModel(), store)
    file = tmp_path / "answers.jsonl"
    whole = file.read_bytes()
    file.write_bytes(whole[:-20])
    model = CountingModel()

    with AnswerStore(tmp_path).opened() as store:
        found = ask(tmp_path / "labelled.csv", labels, model, store)

    assert (len(found.products), len(model.asked)) == (10, 1)
    assert file.read_bytes() == whole


def test_changed_photo_is_asked_again(tmp_path: Path, labels: list[Labelled]) -> None:
    with AnswerStore(tmp_path / "work").opened() as store:
        ask(tmp_path / "labelled.csv", labels, CountingModel(), store)
        Image.new("RGB", (32, 32), (0, 200, 0)).save(labels[3].photos[0])
        model = CountingModel()
        ask(tmp_path / "labelled.csv", labels, model, store)

    assert model.asked == [1]


def test_two_runs_do_not_share_a_folder(tmp_path: Path) -> None:
    with (
        AnswerStore(tmp_path).opened(),
        pytest.raises(ArtifactError, match="another calibration"),
        AnswerStore(tmp_path).opened(),
    ):
        pass


def test_unreadable_photos_are_told_together(tmp_path: Path, labels: list[Labelled]) -> None:
    labels[1].photos[0].write_bytes(b"no photo")
    labels[7].photos[0].write_bytes(labels[7].photos[0].read_bytes()[:60])
    model = CountingModel()

    with AnswerStore(tmp_path / "work").opened() as store, pytest.raises(UnusablePhotoError) as told:
        ask(tmp_path / "labelled.csv", labels, model, store)

    first, second = str(told.value).splitlines()
    assert first == (
        f"{tmp_path}/labelled.csv:3: photo: 1.png: is not a photo in a format that is read here. "
        "Send JPEG, PNG, WebP or HEIC"
    )
    assert ":9: photo: 7.png: is cut short or damaged" in second
    assert len(model.asked) == 8


def test_unanswered_product_is_left_out(tmp_path: Path, labels: list[Labelled]) -> None:
    with AnswerStore(tmp_path / "work").opened() as store:
        found = ask(tmp_path / "labelled.csv", labels[:1], CountingModel(refused=True), store)

    assert (found.products, found.left_out) == ([], [f"{tmp_path}/labelled.csv:2: NonFiniteScore: NaN"])


def test_most_worn_part_counts() -> None:
    answer = {
        "material": {"wood": 1.0},
        "colour": {},
        "pattern": {},
        "wear": [{"chip": [0.2, 0.1, 0.5, 0.3, 0.4]}, {"chip": [0.3, 0.2, 0.2, 0.2, 0.2]}],
    }

    found = raw_answer(answer, [("mug", 0.9)])

    assert found.margins == {"chip": pytest.approx(0)}
    assert found.shares == {"material": {"wood": 1.0}}


@pytest.mark.parametrize("wrong", [float("nan"), float("inf")])
def test_answer_without_numbers_is_none(wrong: float) -> None:
    with pytest.raises(NoAnswerError, match="not a number"):
        raw_answer({"material": {"wood": wrong}, "colour": {}, "pattern": {}, "wear": []}, [("mug", 0.9)])
