"""Answers against a plain forward pass for each name alone, on random weights of both families."""

from __future__ import annotations

import json
import logging
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch
from PIL import Image

from .asking import CLOSE, ask, asked, plain, pooled, same
from .conftest import ALL, DEPARTMENTS, KINDS, MATERIALS, VERSION

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Numbers = NDArray[np.float64]


@pytest.mark.parametrize("departments", [ALL, ("living",), ("paper", "kitchen")])
def test_kinds_equal_plain_likelihoods(
    inference: Any, random_model: Any, random_photos: list[Image.Image], departments: tuple[str, ...]
) -> None:
    photos = random_photos[:2]
    every = [name for own in KINDS.values() for names in own.values() for name in names]
    named = [name for each in departments for own in KINDS[each].values() for name in own]
    p = pooled(random_model, photos, "what is this ?", every, named)
    of_kind = {
        kind: sum(p[name] for name in names)
        for department in departments
        for kind, names in KINDS[department].items()
    }
    likeliest = sorted(of_kind, key=of_kind.__getitem__, reverse=True)[:5]

    answer = ask(inference, random_model, photos, departments, ("type",))

    assert [one["id"] for one in answer["kinds"]] == likeliest
    assert [one["p"] for one in answer["kinds"]] == pytest.approx([of_kind[kind] for kind in likeliest])
    for one in answer["kinds"]:
        (own,) = (KINDS[d][one["id"]] for d in departments if one["id"] in KINDS[d])
        assert one["name"] == max(own, key=p.__getitem__)
    least, most = answer["rest"]
    rest = sum(of_kind.values()) - sum(of_kind[kind] for kind in likeliest)
    assert least - 1e-6 <= rest <= most + 1e-6
    together = {d: sum(of_kind[kind] for kind in likeliest if kind in KINDS[d]) for d in departments}
    assert answer["department"] == max(together, key=together.__getitem__)


@pytest.mark.parametrize("department", ALL)
def test_details_equal_plain_likelihoods(
    inference: Any, random_model: Any, random_photos: list[Image.Image], department: str
) -> None:
    photos, own = random_photos[:2], DEPARTMENTS[department]
    names = [name for material in own["materials"] for name in MATERIALS[material]]
    p = np.exp(plain(random_model, photos, "what is it made of ?", names))
    shares = dict(zip(names, (p / p.sum(1, keepdims=True)).mean(0), strict=True))

    answer = ask(inference, random_model, photos, (department,))

    assert answer["material"] == pytest.approx(
        {material: sum(shares[name] for name in MATERIALS[material]) for material in own["materials"]},
        abs=CLOSE,
    )
    assert sum(answer["colour"].values()) == pytest.approx(1)
    assert [*answer["pattern"]] == ["dots", "lines"]
    for tag in own["wear"]:
        log_p = plain(random_model, photos, f"is there a {tag} on it ?", ("yes", "no"))
        yes = 1 / (1 + np.exp(log_p[:, 1] - log_p[:, 0]))
        assert [photo[tag] for photo in answer["wear"]] == [[pytest.approx(p, abs=CLOSE)] for p in yes]
    assert all([*photo] == own["wear"] for photo in answer["wear"])
    assert (answer["catalogue"], answer["artifact"]) == (VERSION, "random-0123456789ab")
    assert answer["calibrated"] is False
    assert answer["thresholds"] == {"type": 0.5, "material": 0.5, "colour": 0.5, "pattern": 0.5}


def test_order_of_departments_does_not_matter(
    inference: Any, random_model: Any, random_photos: list[Image.Image]
) -> None:
    for departments in (ALL, ALL[1:]):
        one, other = (
            ask(inference, random_model, random_photos, order) for order in (departments, departments[::-1])
        )
        assert same(one, other)


def test_unasked_questions_are_empty(
    inference: Any, random_model: Any, random_photos: list[Image.Image]
) -> None:
    answer = ask(inference, random_model, random_photos, questions=("type", "colour"), wear_tiles=4)

    assert (answer["material"], answer["pattern"], answer["wear"]) == ({}, {}, [])
    assert answer["colour"]


def test_batched_answers_equal_single_answers(
    inference: Any, random_model: Any, random_photos: list[Image.Image]
) -> None:
    one, two, three = random_photos
    requests = [
        asked([one, two]),
        asked([three], ("living",), ("type", "wear"), 4),
        asked([two], ("paper", "living"), ("type", "pattern")),
    ]

    together = inference.predict_batch(requests, random_model)

    for answer, request in zip(together, requests, strict=True):
        assert same(answer, inference.predict_fn(request, random_model))


def test_bounded_passes_answer_the_same(
    inference: Any, random_model: Any, random_photos: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = ask(inference, random_model, random_photos, wear_tiles=4)
    look, sizes = random_model.scorer.encode, []

    def counted(photos: list[Image.Image]) -> Any:
        sizes.append(len(photos))
        return look(photos)

    monkeypatch.setattr(random_model.scorer, "encode", counted)
    monkeypatch.setattr("answering._PICTURES", 4)

    assert same(ask(inference, random_model, random_photos, wear_tiles=4), whole)
    assert sizes == [4, 4, 4, 3]


def test_tiles_equal_crops_as_photos(
    inference: Any, random_model: Any, random_photos: list[Image.Image]
) -> None:
    first, second = random_photos[:2]
    quarters = [(0, 0, 30, 30), (30, 0, 60, 30), (0, 30, 30, 60), (30, 30, 60, 60)]
    views = [[photo, *(photo.crop(box) for box in quarters)] for photo in (first, second)]

    tiled = ask(inference, random_model, [first, second], ("kitchen",), wear_tiles=4)

    for photo, pictures in zip(tiled["wear"][1:], views[1:], strict=True):
        alone = [ask(inference, random_model, [one], ("kitchen",))["wear"][0] for one in pictures]
        for tag in DEPARTMENTS["kitchen"]["wear"]:
            assert photo[tag] == pytest.approx([one[tag][0] for one in alone], abs=CLOSE)
    whole = ask(inference, random_model, [first, second], ("kitchen",))
    assert same({**tiled, "wear": []}, {**whole, "wear": []})


@pytest.mark.parametrize("size", [(1, 1), (1, 7), (5, 4), (301, 200)])
def test_tiles_cover_every_pixel(inference: Any, size: tuple[int, int]) -> None:
    from answering import tiles_of

    across = np.arange(size[0] * size[1], dtype=np.int32).reshape(size[1], size[0])

    tiles = [np.asarray(tile) for tile in tiles_of(Image.fromarray(across))]

    assert {pixel for tile in tiles for pixel in tile.flatten().tolist()} == {*range(across.size)}
    assert tiles[0][0, 0] == 0
    assert tiles[3][-1, -1] == across.size - 1
    assert tiles[1][0, -1] == size[0] - 1
    assert all(2 * side - whole <= 1 for side, whole in zip(tiles[0].shape, across.shape, strict=True))


def test_free_answer_names_its_kind(
    inference: Any, random_model: Any, random_photos: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    from frontier import Said

    search = random_model.scorer.search

    def saying(text: str | None) -> Any:
        def said(*arguments: Any) -> Any:
            answers, cost = search(*arguments)
            return [replace(one, said=text and Said(text, 0.25)) for one in answers], cost

        monkeypatch.setattr(random_model.scorer, "search", said)
        return ask(inference, random_model, random_photos, ("living",), ("type",))["said"]

    # The whole catalogue counts, not only the departments that are asked about.
    assert saying("A Blue  mug") == {"text": "A Blue  mug", "p": 0.25, "id": "mug"}
    assert saying("guitar") == {"text": "guitar", "p": 0.25, "id": None}
    assert saying(None) is None


def test_nan_score_leaves_others_answered(
    inference: Any, random_model: Any, random_photos: list[Image.Image], monkeypatch: pytest.MonkeyPatch
) -> None:
    look, breaking = random_model.scorer.encode, random_photos[0]

    def broken(photos: list[Image.Image]) -> Any:
        seen = look(photos).clone()
        seen[[number for number, photo in enumerate(photos) if photo is breaking]] = torch.nan
        return seen

    monkeypatch.setattr(random_model.scorer, "encode", broken)
    bad, good = inference.predict_batch([asked([photo]) for photo in random_photos[:2]], random_model)

    assert bad.status_code == 500
    assert bad.message.startswith("NonFiniteScore: a score that is not a number for 'Question: ")
    assert good["kinds"]


def test_refused_request_leaves_others_answered(
    inference: Any, random_model: Any, random_photos: list[Image.Image]
) -> None:
    wrong = replace(asked(random_photos[:1]), catalogue="f" * 16)

    bad, good, unknown = inference.predict_batch(
        [wrong, asked(random_photos[1:]), asked(random_photos, ("living", "zoo"))], random_model
    )

    assert (bad.status_code, unknown.status_code) == (400, 400)
    assert bad.message == (
        f"CatalogueMismatch: the request is for catalogue {'f' * 16}, and the artifact random-0123456789ab "
        f"has catalogue {VERSION}: deploy both of one version"
    )
    assert unknown.message == "departments[1]: must be one of kitchen, living, paper, not 'zoo'"
    assert same(good, ask(inference, random_model, random_photos[1:]))


def test_answers_are_json_of_plain_numbers(
    inference: Any, random_model: Any, random_photos: list[Image.Image], caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        answer = ask(inference, random_model, random_photos, wear_tiles=4)

    text, content_type = inference.output_fn(answer)
    assert json.loads(text) == answer
    assert content_type == "application/json"
    assert not caplog.records
