"""What the drill plants is found again, and what it does not plant is not."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.drill_logs.personal import Person, found

people = st.integers(0, 10**9).map(lambda seed: Person(random.Random(seed)))  # noqa: S311 - a drill's data


@given(people)
def test_every_datum_is_found(person: Person) -> None:
    for datum in (
        person.name,
        person.email,
        person.phone,
        person.address,
        person.token,
        person.said(),
        person.word,
        person.card,
    ):
        assert found(datum), datum
        assert found(f'{{"reason":"{datum}"}}')


@given(people)
def test_start_of_an_address_is_found(person: Person) -> None:
    assert found(person.email[: person.email.index("@")])


@pytest.mark.parametrize(
    "text",
    [
        '{"message":"function invoked","event":"00000000-0000-4000-8000-000000000000","status":202}',
        "127.0.0.1 10.203.0.113.4",
        "2026-11-27T20:00:00.000Z",
        "-----BEGIN",
    ],
)
def test_other_text_is_not_found(text: str) -> None:
    assert found(text) is None
