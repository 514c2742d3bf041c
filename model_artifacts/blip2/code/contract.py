"""The endpoint's contract: photos and questions in, probabilities and a caption out.

Request (application/json)::

    {"photos": ["<base64 JPEG>", ...],
     "questions": [{"id": "type", "kind": "choice", "text": "what is this?", "candidates": ["mug", "vase"]},
                   {"id": "wear", "kind": "set", "text": "is there a {tag} on it?", "candidates": ["chip"]}]}

Answer::

    {"answers": [{"id": "type", "scores": [{"mug": 0.9, "vase": 0.1}]},
                 {"id": "wear", "scores": [{"chip": 0.02}, ... one for each photo]}],
     "caption": "a blue ceramic mug", "artifact": "demo-0123456789ab"}

An artifact with a vocabulary answers the questions of that vocabulary, by their ids, and refuses others.
"""

from __future__ import annotations

import base64
import binascii
import io
import json
from dataclasses import dataclass
from typing import Any

from PIL import Image

MAX_PHOTOS = 8
MAX_PHOTO_BYTES = 2 * 1024 * 1024
MAX_PHOTO_PIXELS = 4_000_000
MAX_QUESTIONS = 16
MAX_CANDIDATES = 64
MAX_TEXT = 200
KINDS = ("choice", "set")
TAG = "{tag}"


class ContractError(ValueError):
    """The request breaks the contract; the message names the field, and is safe to show to the caller."""


@dataclass(frozen=True)
class Question:
    """One closed question; in a `set`, each candidate replaces `{tag}` in a prompt of its own."""

    id: str
    kind: str
    text: str
    candidates: tuple[str, ...]


@dataclass(frozen=True)
class Request:
    """Decoded photos and the questions about them."""

    photos: tuple[Image.Image, ...]
    questions: tuple[Question, ...]


def parse(body: str | bytes | bytearray) -> Request:
    """Parse a request body; raises ContractError, which names the field that breaks the contract."""
    try:
        document = json.loads(body)
    except ValueError:  # UnicodeDecodeError is one
        raise ContractError("body: not valid JSON") from None
    if not isinstance(document, dict):
        raise ContractError("body: must be a JSON object with photos and questions")
    photos = _list(document, "photos", MAX_PHOTOS)
    questions = _list(document, "questions", MAX_QUESTIONS)
    parsed = tuple(_question(f"questions[{number}]", value) for number, value in enumerate(questions))
    if len({question.id for question in parsed}) < len(parsed):
        raise ContractError("questions: each id may be used once")
    return Request(tuple(_photo(f"photos[{number}]", value) for number, value in enumerate(photos)), parsed)


def _list(document: dict[str, Any], field: str, most: int) -> list[Any]:
    values = document.get(field)
    if not isinstance(values, list) or not 1 <= len(values) <= most:
        found = f"{len(values)} entries" if isinstance(values, list) else type(values).__name__
        raise ContractError(f"{field}: must be a list of 1 to {most} entries, not {found}")
    return values


def _text(field: str, value: object) -> str:
    if not isinstance(value, str) or not value.strip() or len(value) > MAX_TEXT:
        raise ContractError(f"{field}: must be a text of 1 to {MAX_TEXT} characters")
    return value


def _question(field: str, value: object) -> Question:
    if not isinstance(value, dict):
        raise ContractError(f"{field}: must be an object with id, kind, text and candidates")
    kind = value.get("kind")
    if kind not in KINDS:
        raise ContractError(f"{field}.kind: must be one of {', '.join(KINDS)}, not {str(kind)[:40]!r}")
    text = _text(f"{field}.text", value.get("text"))
    if kind == "set" and TAG not in text:
        raise ContractError(f"{field}.text: a question of kind set must hold {TAG}")
    listed = value.get("candidates")
    if not isinstance(listed, list) or not 1 <= len(listed) <= MAX_CANDIDATES:
        raise ContractError(f"{field}.candidates: must be a list of 1 to {MAX_CANDIDATES} texts")
    candidates = tuple(_text(f"{field}.candidates[{number}]", word) for number, word in enumerate(listed))
    if len(set(candidates)) < len(candidates):
        raise ContractError(f"{field}.candidates: each may be named once")
    return Question(_text(f"{field}.id", value.get("id")), kind, text, candidates)


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
