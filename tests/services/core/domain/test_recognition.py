from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings

import catalogue
from catalogue import Catalogue
from services.core.domain.observation import KindSeen, Observation, Said
from services.core.domain.recognition import noun_phrase, recognise
from tests.services.core.domain.observations import observations

Make = Callable[..., Observation]
REAL = catalogue.load(catalogue.SECOND_HAND)


@pytest.fixture
def seen(observation: Make) -> Callable[..., Observation]:
    """Makes an observation of these kinds of the real catalogue, with a threshold of 0.6."""

    def make(*kinds: tuple[str, float], said: Said | None = None) -> Observation:
        found = tuple(KindSeen(id_, REAL.kinds[id_].answer, p) for id_, p in kinds)
        return replace(observation(), kinds=found, said=said, thresholds={"type": 0.6})

    return make


def narrower() -> tuple[str, str, str]:
    """A broader kind with two narrower ones."""
    for broader in REAL.kinds:
        found = [kind.id for kind in REAL.kinds.values() if kind.broader == broader]
        if len(found) >= 2:
            return broader, found[0], found[1]
    raise AssertionError("the catalogue has no broader kinds")


def test_most_specific_sure_kind_wins(seen: Make) -> None:
    broader, one, _ = narrower()
    found = recognise(seen((one, 0.7), (broader, 0.2)), REAL)
    assert found.kind is REAL.kinds[one]
    assert found.share == pytest.approx(0.7)


def test_unsure_narrower_kinds_make_a_broader_one(seen: Make) -> None:
    broader, one, other = narrower()
    found = recognise(seen((one, 0.35), (other, 0.3)), REAL)
    assert found.kind is REAL.kinds[broader]
    assert found.share == pytest.approx(0.65)


def test_unrelated_kinds_do_not_add_up(seen: Make) -> None:
    assert recognise(seen(("mug", 0.5), ("guitar", 0.4)), REAL).kind is None


def test_order_decides_between_two_sure_kinds(seen: Make) -> None:
    """The model ranks by how much more likely a kind is on these photos than on none."""
    given = replace(seen(("mug", 0.3), ("guitar", 0.4)), thresholds={"type": 0.25})
    assert recognise(given, REAL).kind is REAL.kinds["mug"]


def test_type_below_its_threshold_is_unknown(seen: Make) -> None:
    assert recognise(seen(("mug", 0.5999)), REAL).kind is None
    assert recognise(seen(("mug", 0.6)), REAL).kind is REAL.kinds["mug"]


def test_stranger_that_is_likelier_is_unknown(seen: Make) -> None:
    said = Said("a zeppelin", 0.71)
    found = recognise(seen(("mug", 0.7), said=said), REAL)
    assert (found.kind, found.suggestion, found.answer) == (None, "zeppelin", "a zeppelin")
    assert recognise(seen(("mug", 0.7), said=replace(said, p=0.7)), REAL).kind is REAL.kinds["mug"]


def test_kind_that_is_said_is_no_stranger(seen: Make) -> None:
    found = recognise(seen(("mug", 0.7), said=Said("guitar", 0.8, "guitar")), REAL)
    assert found.kind is REAL.kinds["mug"]


def test_unselected_kind_is_a_stranger(seen: Make) -> None:
    department = REAL.kinds["mug"].department
    found = recognise(seen(("mug", 0.7), said=Said("guitar", 0.8, "guitar")), REAL.select([department]))
    assert (found.kind, found.suggestion) == (None, "guitar")


def test_nothing_seen_is_unknown(seen: Make) -> None:
    found = recognise(seen(), REAL)
    assert (found.kind, found.answer, found.share, found.suggestion) == (None, "unknown", 0.0, None)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("a Red  guitar", "red guitar"),
        ("some T-shirts", "t-shirts"),
        ("électrophone", "électrophone"),
        ("watering can", "watering can"),
        ("photo album", "photo album"),
        ("an", "an"),
        ("", None),
        ("  ", None),
        ("unknown", None),
        ("an unknown thing", None),
        ("nothing", None),
        ("none", None),
        ("i don't know", None),
        ("I do not know", None),
        ("yes", None),
        ("No", None),
        ("it is a mug", None),
        ("a photo", None),
        ("mug 7", None),
        ("mug; drop", None),
        ("<b>mug</b>", None),
        ("mug\u202e", None),
        ("one two three four five six", None),
        ("x" * 49, None),
        ("- mug", None),
    ],
)
def test_suggestion_is_a_plain_name(text: str, name: str | None) -> None:
    assert noun_phrase(text) == name


@settings(max_examples=40)
@given(seen=observations(REAL, 1))
def test_recognised_kind_has_its_share(seen: Observation) -> None:
    found = recognise(seen, REAL)
    own = {kind.id: kind.p for kind in seen.kinds}

    def share(id_: str) -> float:
        return own.get(id_, 0.0) + sum(p for other, p in own.items() if REAL.kinds[other].broader == id_)

    likely = {id_ for id_ in _with_broader(REAL, own) if share(id_) >= seen.thresholds["type"] + 1e-9}
    if found.kind is None:
        # A likelier stranger, or no kind at all.
        assert not likely or (seen.said is not None and seen.said.id is None)
        return
    assert found.suggestion is None
    assert share(found.kind.id) >= seen.thresholds["type"] - 1e-9
    assert not any(REAL.kinds[id_].broader == found.kind.id for id_ in likely)


def _with_broader(words: Catalogue, own: dict[str, float]) -> set[str]:
    return {*own, *(broader for id_ in own if (broader := words.kinds[id_].broader) is not None)}
