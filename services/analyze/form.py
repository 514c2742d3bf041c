"""Reads a multipart form: the photos in its field `images` and the languages in its field `languages`."""

import binascii
import re
from collections.abc import AsyncIterable, Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import Message

from multipart import MultipartError, MultipartSegment, PushMultipartParser

from catalogue.model import Language
from services.core.domain.errors import InvalidInput
from services.core.domain.languages import parse_languages
from services.core.photos.photo import MAX_PHOTOS

FIELD, LANGUAGES_FIELD = "images", "languages"
# Some clients write the name of a list as `images[]` or `images[0]`.
_NAME = re.compile(rf"({FIELD}|{LANGUAGES_FIELD})(?:\[\d{{0,3}}\])?")
_COUNT = f"Send 1 to {MAX_PHOTOS}"
_FORM = f"Send the photos as multipart/form-data, each as a file part called {FIELD!r}"
# More parts than photos are counted, so that the error can say how many there are.
_MAX_PARTS, _MAX_HEADERS = 100, 16


def _base64(content: bytes) -> bytes:
    return binascii.a2b_base64(content.translate(None, b" \t\r\n"), strict_mode=True)


_DECODERS: dict[str, Callable[[bytes], bytes]] = {
    **dict.fromkeys(("", "binary", "8bit", "7bit"), bytes),
    "base64": _base64,
    "quoted-printable": binascii.a2b_qp,
}


@dataclass(frozen=True)
class Form:
    """What a form holds: its photos, and the languages that it asks for, none if it has no such field."""

    photos: list[bytes]
    languages: tuple[Language, ...] = ()


def content_type(header: str) -> Message:
    """A Content-Type header, as the standard library reads its type and parameters."""
    message = Message()
    message["Content-Type"] = header
    return message


async def read_form(kind: Message, body: AsyncIterable[bytes]) -> Form:
    """Return the 1–8 photos and the languages in a form of the Content-Type `kind`.

    Raises InvalidInput for a form that is not whole, has other fields, holds text in place of a photo, or
    names a language that is unknown.
    """
    photos: list[tuple[MultipartSegment, bytes]] = []
    languages: list[str] | None = None
    for part, content in await _parts(kind, body):
        named = _NAME.fullmatch(part.name or "")
        if named is None:
            raise _unknown(part.name or "")
        if named[1] == LANGUAGES_FIELD:
            languages = [*(languages or ()), _text(part, content)]
        elif content or part.filename != "":
            photos.append((part, content))
    if not 1 <= len(photos) <= MAX_PHOTOS:
        raise InvalidInput(FIELD, f"holds {len(photos) or 'no'} photos", _COUNT)
    return Form(
        [_photo(part, content, f"{FIELD}[{at}]") for at, (part, content) in enumerate(photos)],
        () if languages is None else parse_languages(languages, LANGUAGES_FIELD),
    )


async def _parts(kind: Message, body: AsyncIterable[bytes]) -> list[tuple[MultipartSegment, bytes]]:
    boundary = kind.get_boundary()
    if not boundary:
        remedy = "Let your HTTP library set the Content-Type of the form itself"
        raise InvalidInput("Content-Type", "names no boundary", remedy)
    parts: list[tuple[MultipartSegment, bytes]] = []
    chunks: list[bytes] = []
    try:
        parser = PushMultipartParser(
            boundary.encode("latin-1"),
            max_segment_count=_MAX_PARTS,
            max_header_count=_MAX_HEADERS,
            # Reads every byte; the names that are looked for are ASCII.
            header_charset="latin-1",
        )
        async for chunk in body:
            for event in parser.parse(chunk) if chunk else ():
                if isinstance(event, MultipartSegment):
                    parts.append((event, b""))
                elif event is None:
                    parts[-1] = parts[-1][0], b"".join(chunks)
                    chunks = []
                else:
                    chunks.append(event)
        parser.close()
    except MultipartError as error:
        raise _unreadable(str(error.args[0]), begun=bool(parts)) from error
    return parts


def _unreadable(problem: str, *, begun: bool) -> InvalidInput:
    if not problem.startswith("Unexpected end"):
        return InvalidInput("body", f"is not a readable form: {problem}", _FORM)
    if begun:
        problem = "is cut short: its closing boundary is missing"
        return InvalidInput("body", problem, "Send the whole form again")
    return InvalidInput("body", "does not hold the boundary that Content-Type names", _FORM)


def _unknown(name: str) -> InvalidInput:
    with suppress(UnicodeDecodeError):  # of a client that writes Latin-1
        name = name.encode("latin-1").decode("utf-8")
    if not name:
        return InvalidInput("body", "has a part without a name", _FORM)
    remedy = f"Send the photos as {FIELD!r}, and the languages of the report as {LANGUAGES_FIELD!r}"
    return InvalidInput(name[:100], "is not a field of this form", remedy)


def _text(part: MultipartSegment, content: bytes) -> str:
    try:
        return _decoded(part, content, LANGUAGES_FIELD).decode("utf-8")
    except UnicodeDecodeError as error:
        raise InvalidInput(LANGUAGES_FIELD, "is not text in UTF-8", "Send en, fr or en,fr") from error


def _photo(part: MultipartSegment, content: bytes, field: str) -> bytes:
    decoded = _decoded(part, content, field)
    if not _is_file(part) and _is_text(decoded):
        raise InvalidInput(field, "is text, not a file", "Send it as a file part")
    return decoded


def _decoded(part: MultipartSegment, content: bytes, field: str) -> bytes:
    encoding = part.header("Content-Transfer-Encoding", "").strip().lower()
    if encoding not in _DECODERS:
        problem = f"has the unknown Content-Transfer-Encoding {encoding[:40]!r}"
        raise InvalidInput(field, problem, "Send the bytes of the file as they are")
    try:
        return _DECODERS[encoding](content)
    except binascii.Error as error:
        problem = f"is not the {encoding} that its Content-Transfer-Encoding promises"
        raise InvalidInput(field, problem, "Send the bytes of the file as they are") from error


def _is_file(part: MultipartSegment) -> bool:
    # A file needs no name (RFC 7578), and some clients write it as RFC 5987 does.
    named = part.filename is not None or "filename*" in part.header("Content-Disposition", "").lower()
    return named or not (part.content_type or "text/plain").startswith("text/")


def _is_text(content: bytes) -> bool:
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True
