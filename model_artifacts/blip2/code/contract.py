"""The endpoint's contract: photos and the ids of questions in, probabilities and a caption out.

Request (application/json)::

    {"photos": ["<base64 JPEG>", ...], "catalogue": "0123456789abcdef", "departments": ["kitchen", ...],
     "questions": ["type", "material", "colour", "pattern", "wear"], "wear_tiles": 4}

Answer::

    {"kinds": [{"id": "mug", "name": "coffee mug", "p": 0.91}, ...], "rest": [0.01, 0.03],
     "said": {"text": "a mug", "p": 0.9, "id": "mug"}, "department": "kitchen",
     "material": {"ceramic": 0.93, ...}, "colour": {"blue": 0.8, ...}, "pattern": {"plain": 0.9, ...},
     "wear": [{"chip": [0.02, 0.01, 0.6, 0.01, 0.02], ...}, ... one for each photo],
     "caption": "a blue ceramic mug", "artifact": "demo-0123456789ab", "catalogue": "0123456789abcdef",
     "calibrated": true, "thresholds": {"type": 0.6, "material": 0.7, "colour": 0.5, "pattern": 0.5}}

The ids are those of the artifact's catalogue, and a request names its version: an artifact refuses others.
One temperature scales p of the kinds and of what is said, which the service compares; `rest` bounds the other
kinds' p together, unscaled.
With `wear_tiles` 4, wear is asked of each photo and of its quarters: top left, top right, bottom left, bottom
right. What is not asked is empty.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from PIL import Image

if TYPE_CHECKING:
    from artifact_catalogue import ArtifactCatalogue

MAX_PHOTOS = 8
MAX_PHOTO_BYTES = 2 * 1024 * 1024
MAX_PHOTO_PIXELS = 4_000_000
MAX_DEPARTMENTS = 64
QUESTIONS = ("type", "material", "colour", "pattern", "wear")
WEAR_TILES = (0, 4)
_SHOWN = 40


class ContractError(ValueError):
    """The request breaks the contract; the message names the field, and is safe to show to the caller."""


@dataclass(frozen=True)
class Request:
    """Decoded photos, and what is asked about them by ids of a catalogue."""

    photos: tuple[Image.Image, ...]
    catalogue: str
    """The catalogue's version."""
    departments: tuple[str, ...]
    """Only their kinds are searched."""
    questions: tuple[str, ...]
    wear_tiles: int = 0

    def asks(self, question: str) -> bool:
        """Whether this question is asked."""
        return question in self.questions


def parse(body: str | bytes | bytearray) -> Request:
    """Parse a request body; raises ContractError, which names the field that breaks the contract."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):  # UnicodeDecodeError is a ValueError
        raise ContractError("body: not valid JSON") from None
    if not isinstance(document, dict):
        raise ContractError("body: must be a JSON object with photos, catalogue, departments and questions")
    photos = _list(document, "photos", MAX_PHOTOS)
    catalogue = document.get("catalogue")
    if not isinstance(catalogue, str) or not re.fullmatch("[0-9a-f]{16}", catalogue):
        raise ContractError(
            f"catalogue: must be the version of a catalogue, 16 hexadecimal digits, not {_shown(catalogue)}"
        )
    departments = _ids(document, "departments", MAX_DEPARTMENTS)
    questions = _ids(document, "questions", len(QUESTIONS))
    for number, question in enumerate(questions):
        if question not in QUESTIONS:
            raise ContractError(
                f"questions[{number}]: must be one of {', '.join(QUESTIONS)}, not {_shown(question)}"
            )
    if "type" not in questions:
        raise ContractError("questions: must hold type, which decides what else is asked")
    tiles = document.get("wear_tiles", 0)
    if type(tiles) is not int or tiles not in WEAR_TILES:
        raise ContractError(f"wear_tiles: must be 0 or 4, not {_shown(tiles)}")
    decoded = tuple(_photo(f"photos[{number}]", value) for number, value in enumerate(photos))
    return Request(decoded, catalogue, departments, questions, tiles)


def check(request: Request, catalogue: ArtifactCatalogue, artifact: str) -> None:
    """Raise ContractError for a request that the artifact with this catalogue cannot answer."""
    if request.catalogue != catalogue.version:
        raise ContractError(
            f"CatalogueMismatch: the request is for catalogue {request.catalogue}, and the artifact "
            f"{artifact} has catalogue {catalogue.version}: deploy both of one version"
        )
    for number, department in enumerate(request.departments):
        if department not in catalogue.departments:
            known = ", ".join(catalogue.departments)
            raise ContractError(f"departments[{number}]: must be one of {known}, not {_shown(department)}")
    for number, question in enumerate(request.questions):
        if question not in catalogue.answered:
            known = ", ".join(catalogue.answered)
            raise ContractError(
                f"questions[{number}]: the artifact's catalogue has no answers for {question}; ask {known}"
            )


def _list(document: dict[str, Any], field: str, most: int) -> list[Any]:
    values = document.get(field)
    if not isinstance(values, list) or not 1 <= len(values) <= most:
        found = f"{len(values)} entries" if isinstance(values, list) else type(values).__name__
        raise ContractError(f"{field}: must be a list of 1 to {most} entries, not {found}")
    return values


def _ids(document: dict[str, Any], field: str, most: int) -> tuple[str, ...]:
    values = _list(document, field, most)
    for number, value in enumerate(values):
        if not isinstance(value, str):
            raise ContractError(f"{field}[{number}]: must be an id, not {_shown(value)}")
        if value in values[:number]:
            raise ContractError(f"{field}[{number}]: {_shown(value)} is named twice")
    return tuple(values)


def _shown(value: object) -> str:
    return repr(value if len(str(value)) <= _SHOWN else f"{str(value)[:_SHOWN]}…")


def _photo(field: str, value: object) -> Image.Image:
    if not isinstance(value, str):
        raise ContractError(f"{field}: must be base64 text")
    if len(value) > MAX_PHOTO_BYTES * 4 // 3 + 4:
        raise ContractError(f"{field}: larger than {MAX_PHOTO_BYTES} bytes")
    try:
        data = base64.b64decode(value, validate=True)
    except (binascii.Error, ValueError):
        raise ContractError(f"{field}: not valid base64") from None
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG",)) as photo:
            if photo.width * photo.height > MAX_PHOTO_PIXELS:
                raise ContractError(
                    f"{field}: {photo.width} x {photo.height} is more than {MAX_PHOTO_PIXELS} pixels"
                )
            return photo.convert("RGB")
    except ContractError:
        raise
    except Exception:  # Pillow's decoders raise many types on broken bytes
        raise ContractError(f"{field}: not a JPEG that can be read") from None
