"""Reads the body of a request for its events: in base64 or not, gzipped or not, an array, an object or lines.

What it needs of memory is bounded: a body that is larger, or becomes larger, is refused.
"""

import base64
import binascii
import json
import zlib
from collections.abc import Mapping
from typing import Any

from services.core.domain.errors import InvalidInput, TooLarge

# In base64 and with the rest of its event, the largest request that Lambda takes (6 MB).
MOST_RECEIVED = 4_400_000
MOST_UNPACKED = 24_000_000
# Of objects, arrays and their members: many small ones take far more memory than their text.
MOST_VALUES = 2_000_000
# A drain sends 250 at once.
MOST_EVENTS = 50_000
# Longer than what a sender posts in order to try the address; such a text has no object.
LONGEST_TRIAL = 1_000
_GZIP_MAGIC = b"\x1f\x8b"
_GZIP_WINDOW = 16 + zlib.MAX_WBITS
_TOO_MANY = f"has over {MOST_EVENTS:,} events"
_SMALLER = "Send fewer events in a request"


def body_of(event: Mapping[str, Any], encoding: str) -> bytes:
    """Return the unpacked body of the HTTP API's event (payload 2.0); `encoding` is its Content-Encoding.

    Raises TooLarge and InvalidInput.
    """
    raw = _received(event)
    if len(raw) > MOST_RECEIVED:
        raise TooLarge("body", f"is over {MOST_RECEIVED / 1e6} MB", _SMALLER)
    # A proxy may unpack a body and leave the header, or the sender may forget it.
    if raw.startswith(_GZIP_MAGIC):
        return _unpacked(raw)
    if encoding and encoding.lower() not in ("gzip", "identity"):
        raise InvalidInput(
            "Content-Encoding", "is neither gzip nor identity", "Send the body gzipped or as it is"
        )
    return raw


def events_of(body: bytes) -> list[Any]:
    """Return the values of a JSON array, of one JSON object, or of lines of JSON, each as it is.

    A line that is no JSON counts as a value: None. An empty body has no events, and neither has a short text
    without an object, by which a sender tries the address. Raises TooLarge and InvalidInput.
    """
    if sum(body.count(mark) for mark in (b"{", b"[", b",")) > MOST_VALUES:
        raise TooLarge("body", f"has over {MOST_VALUES:,} values", _SMALLER)
    text = body.decode("utf-8-sig", "replace").strip()
    if not text:
        return []
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return _lines(text)
    if not isinstance(whole, list):
        return [whole] if "{" in text else []
    if len(whole) > MOST_EVENTS:
        raise TooLarge("body", _TOO_MANY, _SMALLER)
    return whole


def _lines(text: str) -> list[Any]:
    # Before they are read: millions of them take longer than the function may run.
    if text.count("\n") >= MOST_EVENTS:
        raise TooLarge("body", _TOO_MANY, _SMALLER)
    if "{" in text:
        # Not splitlines, which splits at characters that a text in JSON may hold as they are.
        return [_value(line) for line in text.split("\n") if line.strip()]
    if len(text) <= LONGEST_TRIAL:
        return []
    raise InvalidInput("body", "is not JSON", "Send a JSON array of events, one event, or one event a line")


def _value(line: str) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError):
        return None


def _received(event: Mapping[str, Any]) -> bytes:
    given = str(event.get("body") or "")
    if not event.get("isBase64Encoded"):
        return given.encode("utf-8", "replace")
    try:
        return base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        raise InvalidInput("body", "is not base64", "Send the body through the gateway") from None


def _unpacked(raw: bytes) -> bytes:
    unzip = zlib.decompressobj(_GZIP_WINDOW)
    try:
        body = unzip.decompress(raw, MOST_UNPACKED + 1)
    except zlib.error:
        body = b""
    if len(body) > MOST_UNPACKED:
        raise TooLarge("body", f"is over {MOST_UNPACKED // 1_000_000} MB unpacked", _SMALLER)
    if not unzip.eof:
        raise InvalidInput("body", "is not a whole gzip stream", "Gzip the body, or send it as it is")
    return body
