"""The vision model's observation of a report's photos, and a request for one that has no answer yet."""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, StringConstraints

from services.core.domain.report import Probability

CAPTION_CHARACTERS = 300
# Four quarters, as the model's container cuts them.
TILES = 4
_Id = Annotated[str, StringConstraints(pattern=r"^[a-z0-9]+(_[a-z0-9]+)*$", max_length=48)]
_Name = Annotated[str, StringConstraints(pattern=r"^[a-z0-9 '-]+$", max_length=48)]
_Shares = dict[_Id, Probability]


@dataclass(frozen=True)
class KindSeen:
    """A kind of the catalogue, its likeliest name, and the probability that the model says one of its names.

    The probability is absolute, so those of a model that has no name for a thing are all small; the mean over
    the photos, where one that shows no name counts less.
    """

    id: _Id
    name: _Name
    p: Probability


@dataclass(frozen=True)
class Said:
    """What the model answers freely when asked what it is, at most six tokens, and the probability of that.

    `id` is the kind of that name; None: no kind of the catalogue has it.
    """

    text: str
    p: Probability
    id: _Id | None = None


@dataclass(frozen=True)
class Observation:
    """The model's answers about a report's photos: the fields of the container's JSON, by the same names.

    Probabilities are from 0 to 1. Those of a model that was not measured against labelled photos are not
    `calibrated`. What the service did not ask is empty.
    """

    kinds: Annotated[tuple[KindSeen, ...], Field(max_length=5)]
    """The likeliest kinds, likeliest first, at most five."""
    rest: tuple[Probability, Probability]
    """What all other names have together: at least and at most."""
    said: Said | None
    department: _Id
    """The department of the likeliest kinds, whose materials and wear were asked."""
    material: _Shares
    """Shares of the department's materials by id, which add up to one; likewise colour and pattern."""
    colour: _Shares
    pattern: _Shares
    wear: Annotated[tuple[dict[_Id, tuple[Probability, ...]], ...], Field(max_length=8)]
    """For each photo that the model saw, by wear: of the whole photo, then of each of its tiles.

    The tiles are the photo's quarters: top left, top right, bottom left, bottom right.
    """
    caption: str
    artifact: Annotated[str, StringConstraints(pattern=r"^[\w .:@/+-]{0,200}$")]
    catalogue: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{16}$")]
    """The version of the artifact's catalogue."""
    calibrated: bool
    thresholds: dict[_Id, Probability]
    """The least probability of an answer that is taken: of type, material, colour and pattern."""


def bounded_caption(said: str) -> str:
    """A model's caption as one line without unprintable characters; empty if it is longer than a caption."""
    return bounded_line(said, CAPTION_CHARACTERS)


def bounded_line(said: str, characters: int) -> str:
    """What a model said as one line without unprintable characters; empty if it is longer than that."""
    printable = "".join(letter if letter.isprintable() else " " for letter in said[: 2 * characters])
    line = " ".join(printable.split())
    return line if len(said) <= 2 * characters and len(line) <= characters else ""


@dataclass(frozen=True)
class PendingInference:
    """A request that an async endpoint has accepted, at `at` seconds since 1970, as the report's nth attempt.

    The keys name objects in the exchange bucket; `input_key` is None if the request was sent inline. The
    notification of its end names it by `inference_id`.
    """

    input_key: str | None
    output_key: str
    at: int
    attempt: int = 1
    inference_id: str | None = None
    failure_key: str | None = None


@dataclass(frozen=True)
class LostInference:
    """The endpoint does not know the request, or knows it no longer: it must be sent again."""
