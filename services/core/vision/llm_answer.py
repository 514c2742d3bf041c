"""What the fallback LLM may answer, as a strict JSON schema, and its answer as an observation.

A strict schema may list about 1,000 words in all: the kinds of a large catalogue are not listed, and the
LLM's own word for the thing is looked up among their names.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from catalogue import Catalogue, Department, Kind
from services.core.domain.observation import KindSeen, Observation, Said, bounded_caption, bounded_line
from services.core.domain.report import UNKNOWN

SHARE = {"low": 0.5, "medium": 0.7, "high": 0.9}
THRESHOLDS = {"type": 0.7, "material": 0.7, "colour": 0.7, "pattern": 0.7}
# Of a mark that the LLM names: one with low certainty is neither found nor absent.
_MARK = SHARE | {"low": 0.4}
_ABSENT = 0.05
# Of one photo; more than any department has.
MAX_MARKS = 64
# Materials, colours, patterns and wear of all departments are about 200 words more.
MOST_LISTED_KINDS = 250
_SAID_CHARACTERS = 60
_ARTICLE = re.compile(r"^((an?|the|some|one) )?(pairs? of )?")


class _Choice(BaseModel):
    answer: str
    sure: Literal["low", "medium", "high"]


class LlmAnswer(BaseModel):
    """The LLM's answer; `wear` has a list for each photo."""

    type: _Choice
    material: _Choice
    colour: _Choice | None = None
    pattern: _Choice | None = None
    wear: list[Annotated[list[_Choice], Field(max_length=MAX_MARKS)]]
    caption: str


def schema(catalogue: Catalogue, photos: int) -> dict[str, Any]:
    """The strict JSON schema of an answer about so many photos of the catalogue's goods."""
    departments = catalogue.departments.values()
    listed = len(catalogue.kinds) <= MOST_LISTED_KINDS
    about: dict[str, Any] = {
        "type": _choice(catalogue.kinds if listed else None),
        "material": _choice(word.id for each in departments for word in each.materials),
    }
    if catalogue.asked_colours:
        about["colour"] = _choice(word.id for word in catalogue.asked_colours)
    if catalogue.patterns:
        about["pattern"] = _choice(word.id for word in catalogue.patterns)
    tags = [tag.id for each in departments for tag in each.wear]
    wear: dict[str, Any] = {"type": "array", "items": _choice(tags or None, unknown=False)}
    if not tags:
        wear["maxItems"] = 0  # an empty list of choices is no schema
    about["wear"] = {"type": "array", "items": wear, "minItems": photos, "maxItems": photos}
    return _object(**about, caption={"type": "string"})


def _choice(answers: Iterable[str] | None, *, unknown: bool = True) -> dict[str, Any]:
    answer: dict[str, Any] = {"type": "string"}
    if answers is not None:
        answer["enum"] = [*dict.fromkeys(answers), *([UNKNOWN] if unknown else [])]
    return _object(answer=answer, sure={"type": "string", "enum": list(SHARE)})


def _object(**properties: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": properties,
        "required": list(properties),
        "additionalProperties": False,
    }


def observation_of(answer: LlmAnswer, photos: int, catalogue: Catalogue, llm: str) -> Observation:
    """The answer as an observation; raises ValueError if it is about other photos or in other words.

    Answers that the department of the thing does not have count as not given.
    """
    if len(answer.wear) != photos:
        raise ValueError("it answers about other photos than were sent")
    kind = _kind(answer.type.answer, catalogue)
    if kind is None and len(catalogue.kinds) <= MOST_LISTED_KINDS and answer.type.answer != UNKNOWN:
        raise ValueError("a kind that is not in the catalogue")
    share = SHARE[answer.type.sure]
    department = (
        catalogue.departments[kind.department] if kind else next(iter(catalogue.departments.values()))
    )
    text = bounded_line(answer.type.answer.replace("_", " "), _SAID_CHARACTERS)
    materials = {word.id for each in catalogue.departments.values() for word in each.materials}
    return Observation(
        kinds=(KindSeen(kind.id, kind.answer, share),) if kind else (),
        rest=(0.0, round(1 - share, 4) if kind else 1.0),
        said=Said(text, share, kind.id if kind else None),
        department=department.id,
        material=_shares(answer.material, materials, [word.id for word in department.materials]),
        colour=_shares_of_words(answer.colour, [word.id for word in catalogue.asked_colours]),
        pattern=_shares_of_words(answer.pattern, [word.id for word in catalogue.patterns]),
        wear=tuple(_wear(found, catalogue, department) for found in answer.wear),
        caption=bounded_caption(answer.caption),
        artifact=llm,
        catalogue=catalogue.version,
        calibrated=False,
        thresholds=dict(THRESHOLDS),
    )


def _kind(said: str, catalogue: Catalogue) -> Kind | None:
    """The kind of that id or name; an article and a plural do not matter."""
    if said in catalogue.kinds:
        return catalogue.kinds[said]
    by_name = {_squashed(name): kind for kind in catalogue.kinds.values() for name in kind.names}
    text = _ARTICLE.sub("", " ".join(said.lower().replace("_", " ").split()).rstrip("."))
    return next((by_name[each] for each in map(_squashed, _singulars(text)) if each in by_name), None)


def _singulars(name: str) -> Iterator[str]:
    yield name
    for plural, singular in (("ies", "y"), ("ves", "f"), ("ves", "fe"), ("es", ""), ("s", "")):
        if name.endswith(plural):
            yield name.removesuffix(plural) + singular


def _squashed(name: str) -> str:
    return re.sub(r"[ '’-]", "", name)


def _shares_of_words(choice: _Choice | None, answers: Sequence[str]) -> dict[str, float]:
    return _shares(choice or _Choice(answer=UNKNOWN, sure="low"), set(answers), answers)


def _shares(choice: _Choice, known: set[str], answers: Sequence[str]) -> dict[str, float]:
    """The chosen answer's share, and equal ones of the others; all equal if it is none of `answers`."""
    if choice.answer not in known and choice.answer != UNKNOWN:
        raise ValueError("a word that is not in the catalogue")
    if choice.answer not in answers:
        return dict.fromkeys(answers, 1 / len(answers)) if answers else {}
    share = SHARE[choice.sure]
    rest = (1 - share) / max(1, len(answers) - 1)
    return {answer: share if answer == choice.answer else rest for answer in answers}


def _wear(found: list[_Choice], catalogue: Catalogue, department: Department) -> dict[str, tuple[float, ...]]:
    known = {tag.id for each in catalogue.departments.values() for tag in each.wear}
    if any(choice.answer not in known for choice in found):
        raise ValueError("a kind of wear that is not in the catalogue")
    shares = {tag.id: _ABSENT for tag in department.wear}
    for choice in found:
        # A mark may be named twice, with another certainty each time: the surer one counts.
        if choice.answer in shares:
            shares[choice.answer] = max(shares[choice.answer], _MARK[choice.sure])
    return {tag: (share,) for tag, share in shares.items()}
