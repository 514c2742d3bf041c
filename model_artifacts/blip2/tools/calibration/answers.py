"""Asks the model about labelled photos, and keeps its raw answers so that an interrupted run goes on."""

from __future__ import annotations

import fcntl
import json
import math
import os
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from scipy.special import logit

from ..errors import ArtifactError
from .fitting import LEAST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from .labels import Labelled

SHARED = ("material", "colour", "pattern")
TOGETHER = 4
"""The products of one batch."""
_FILE = "answers.jsonl"


class UnusablePhotoError(ArtifactError):
    """A photo cannot be read; the message says why, and what to do about it."""


class NoAnswerError(ArtifactError):
    """The model has no usable answer about a product."""


class Model(Protocol):
    """What answers raw questions: a model without calibration, or a made one."""

    def answer(self, products: Sequence[Sequence[bytes]]) -> list[RawAnswer | NoAnswerError]:
        """One answer for each product, from its photos as the service sends them."""


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """What the model says of a product without any calibration."""

    tops: tuple[tuple[str, float], ...]
    """For each alpha the top kind and its probability."""
    shares: Mapping[str, Mapping[str, float]]
    """Of material, colour and pattern: the share of each id."""
    margins: Mapping[str, float]
    """Of each wear tag that was asked: log p(yes) - log p(no), the largest of the photos and their tiles."""


def raw_answer(answer: Mapping[str, Any], tops: Sequence[tuple[str, float]]) -> RawAnswer:
    """The raw answer in an endpoint's answer; raises NoAnswerError for a number that is none."""
    wear: Sequence[Mapping[str, Sequence[float]]] = answer["wear"]
    found = RawAnswer(
        tops=tuple(tops),
        shares={question: dict(answer[question]) for question in SHARED if answer[question]},
        # Without calibration the probability is sigmoid(margin).
        margins={
            tag: float(logit(min(max(*(max(photo[tag]) for photo in wear), LEAST), 1 - LEAST)))
            for tag in (wear[0] if wear else ())
        },
    )
    numbers = [p for _, p in tops]
    numbers += [share for shares in found.shares.values() for share in shares.values()]
    if not tops or not all(map(math.isfinite, [*numbers, *found.margins.values()])):
        raise NoAnswerError("the model's answer holds a value that is not a number")
    return found


class AnswerStore:
    """The raw answers of one model in a folder, a line for each product, by the digest of its photos.

    A line that a killed run left unfinished is dropped.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder / _FILE
        self._found: dict[str, RawAnswer] = {}

    @contextmanager
    def opened(self) -> Iterator[AnswerStore]:
        """Read what is there, and hold the folder for this run.

        Raises ArtifactError if another run has it.
        """
        self._file.parent.mkdir(parents=True, exist_ok=True)
        with self._file.open("a+b") as self._stream:
            try:
                fcntl.flock(self._stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ArtifactError(
                    f"{self._file}: another calibration of this model is running: wait for it, or stop it"
                ) from None
            self._stream.truncate(self._read())
            yield self

    def _read(self) -> int:
        """Read whole lines; returns where they end."""
        self._stream.seek(0)
        end = 0
        for line in self._stream:
            try:
                key, stated = json.loads(line)
                answer = RawAnswer(
                    tuple((kind, p) for kind, p in stated["tops"]), stated["shares"], stated["margins"]
                )
            except (ValueError, KeyError, TypeError):
                break
            if not line.endswith(b"\n"):
                break
            self._found[key] = answer
            end += len(line)
        return end

    def get(self, key: str) -> RawAnswer | None:
        """The answer about the photos with this digest."""
        return self._found.get(key)

    def put(self, key: str, answer: RawAnswer) -> None:
        """Keep an answer; it is on the disk when this returns."""
        stated = {"tops": answer.tops, "shares": answer.shares, "margins": answer.margins}
        self._stream.seek(0, os.SEEK_END)
        self._stream.write(f"{json.dumps([key, stated], separators=(',', ':'))}\n".encode())
        self._stream.flush()
        self._found[key] = answer


@dataclass(frozen=True)
class Asked:
    """The products with an answer, in the labels' order, and those that the model could not answer."""

    products: list[tuple[Labelled, RawAnswer]]
    left_out: list[str]


def ask(
    file: Path,
    labels: Sequence[Labelled],
    model: Model,
    store: AnswerStore,
    told: Callable[[int, bool], None] = lambda _photos, _kept: None,
    *,
    large: bool = False,
) -> Asked:
    """Ask the model about each labelled product that the store has no answer for.

    `file` is the labels', for messages; `told` hears how many photos are done, and whether their answer was
    in the store. `large` sends them in the size that is stored. All products are asked
    before UnusablePhotoError is raised for those whose photos cannot be read, so that the next run starts
    where this one ends.
    """
    from services.core.domain.errors import InvalidInput
    from services.core.photos.photo import digest, prepare

    answers: dict[int, RawAnswer] = {}
    problems: list[str] = []
    left_out: list[str] = []
    waiting: list[tuple[Labelled, str, list[bytes]]] = []

    def flush() -> None:
        found = model.answer([photos for _, _, photos in waiting]) if waiting else []
        for (labelled, key, _), answer in zip(waiting, found, strict=True):
            if isinstance(answer, NoAnswerError):
                left_out.append(f"{file}:{labelled.line}: {answer}")
            else:
                answers[labelled.line] = answer
                store.put(key, answer)
        told(sum(len(photos) for _, _, photos in waiting), False)
        waiting.clear()

    for labelled in labels:
        uploads = [path.read_bytes() for path in labelled.photos]
        key = digest(uploads)
        if (kept := store.get(key)) is not None:
            answers[labelled.line] = kept
            told(len(uploads), True)
            continue
        try:
            named = zip(uploads, labelled.photos, strict=True)
            photos = [prepare(upload, path.name, large=large).model_jpeg for upload, path in named]
        except InvalidInput as error:
            problems.append(f"{file}:{labelled.line}: photo: {error}")
            continue
        waiting.append((labelled, key, photos))
        if len(waiting) == TOGETHER:
            flush()
    flush()
    if problems:
        raise UnusablePhotoError("\n".join(problems))
    return Asked([(one, answers[one.line]) for one in labels if one.line in answers], left_out)
