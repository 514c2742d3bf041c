"""The endpoint's answer, read strictly: what the model cannot have meant is an error that names the field."""

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import fields, replace
from typing import TYPE_CHECKING

from pydantic import TypeAdapter, ValidationError

from catalogue import Catalogue, Department
from services.core.domain.errors import ModelAnswerInvalid
from services.core.domain.observation import (
    TILES,
    KindSeen,
    Observation,
    Said,
    bounded_caption,
    bounded_line,
)
from services.core.vision.faults import catalogue_mismatch

if TYPE_CHECKING:
    from botocore.response import StreamingBody

# An answer about 8 photos with their quarters has a few kB.
MAX_ANSWER_BYTES = 1_000_000
# The answers to a question exclude each other; the rest is for rounding.
MOST_OF_A_QUESTION = 1.01
_SAID_CHARACTERS = 100
_FIELDS = frozenset(field.name for type_ in (Observation, KindSeen, Said) for field in fields(type_))
_OBSERVATION = TypeAdapter(Observation)


def read_answer(stream: "StreamingBody") -> bytes:
    """The body; raises ModelAnswerInvalid if it is longer than any answer."""
    try:
        body = stream.read(MAX_ANSWER_BYTES + 1)
    finally:
        stream.close()
    if len(body) > MAX_ANSWER_BYTES:
        raise ModelAnswerInvalid(f"body: over {MAX_ANSWER_BYTES} bytes")
    return body


def questions_of(catalogue: Catalogue) -> Iterator[str]:
    """The ids of what is asked: colour and pattern only if the catalogue asks them.

    Material and wear always are: of goods without any, the answer to them is empty.
    """
    yield from ("type", "material")
    if catalogue.asked_colours:
        yield "colour"
    if catalogue.patterns:
        yield "pattern"
    yield "wear"


def parse_observation(
    body: bytes, photos: int, catalogue: Catalogue, wear_tiles: int, endpoint: str = "the endpoint"
) -> Observation:
    """Read an answer about so many photos to a request about the goods of `catalogue`.

    Raises CatalogueMismatch if it is of another version of the catalogue, and ModelAnswerInvalid if it breaks
    the contract.
    """
    try:
        seen = _OBSERVATION.validate_json(body, strict=True)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ModelAnswerInvalid(f"{_place(first['loc'])}: {first['msg']}") from error
    if seen.catalogue != catalogue.version:
        raise catalogue_mismatch(endpoint, seen.catalogue, catalogue.version)
    if problem := next(_problems(seen, photos, catalogue, wear_tiles), None):
        raise ModelAnswerInvalid(problem)
    said = replace(seen.said, text=bounded_line(seen.said.text, _SAID_CHARACTERS)) if seen.said else None
    return replace(seen, said=said, caption=bounded_caption(seen.caption))


def _place(loc: tuple[int | str, ...]) -> str:
    # A name in the answer may be of any length.
    parts = (str(part) if isinstance(part, int) or part in _FIELDS else "…" for part in loc)
    return ".".join(parts) or "body"


def _problems(seen: Observation, photos: int, catalogue: Catalogue, wear_tiles: int) -> Iterator[str]:
    ids = [kind.id for kind in seen.kinds]
    if any(id_ not in catalogue.kinds for id_ in ids):
        yield "kinds: a kind that is not in the selected departments"
    if len(set(ids)) < len(ids):
        yield "kinds: a kind is named twice"
    if seen.rest[0] > seen.rest[1]:
        yield "rest: at least is more than at most"
    department = catalogue.departments.get(seen.department)
    if department is None:
        yield "department: none of those selected"
        return
    asked = frozenset(questions_of(catalogue))
    yield from _of_shares("material", seen.material, {word.id for word in department.materials})
    yield from _of_shares("colour", seen.colour, {word.id for word in catalogue.asked_colours})
    yield from _of_shares("pattern", seen.pattern, {word.id for word in catalogue.patterns})
    if missing := sorted(asked - {"wear"} - seen.thresholds.keys()):
        yield f"thresholds: {missing[0]} is missing"
    yield from _of_wear(seen, photos, department, wear_tiles)


def _of_shares(about: str, shares: Mapping[str, float], answers: Collection[str]) -> Iterator[str]:
    if shares.keys() != answers:
        yield f"{about}: its answers are not those of the catalogue"
    if math.fsum(shares.values()) > MOST_OF_A_QUESTION:
        yield f"{about}: its probabilities are more than one in all"


def _of_wear(seen: Observation, photos: int, department: Department, wear_tiles: int) -> Iterator[str]:
    tags = {tag.id for tag in department.wear}
    parts = 1 + TILES if wear_tiles else 1
    if len(seen.wear) != photos:
        yield f"wear: {len(seen.wear)} answers instead of {photos}, one for each photo"
    if any(shown.keys() != tags for shown in seen.wear):
        yield f"wear: its tags are not those of the department {department.id}"
    if any(len(each) != parts for shown in seen.wear for each in shown.values()):
        yield f"wear: a tag has not {parts} probabilities, one for each part of the photo that was asked"
