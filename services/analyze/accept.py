"""Chooses between two media types by the client's Accept headers (RFC 9110, 12.5.1)."""

import re
from collections.abc import Sequence

_RANGE = re.compile(r"([^\s;/]+/[^\s;]+)\s*((?:;.*)?)")
_QUALITY = re.compile(r";\s*q\s*=\s*([^\s;]*)", re.IGNORECASE)
_QVALUE = re.compile(r"0(\.\d{0,3})?|1(\.0{0,3})?", re.ASCII)


def prefers(headers: Sequence[str], wanted: str, usual: str) -> bool:
    """Whether the client gives `wanted` a higher quality than `usual`; both are bare media types.

    The most specific range that fits decides for each. A range with a malformed quality counts as absent, and
    parameters beside the quality are ignored. A client without Accept prefers neither.
    """
    qualities: dict[str, float] = {}
    for part in ",".join(headers).lower().split(","):
        if (found := _RANGE.fullmatch(part.strip())) is None:
            continue
        quality = _quality(found[2])
        if quality is not None:
            qualities[found[1]] = max(quality, qualities.get(found[1], 0.0))
    return _of(wanted, qualities) > _of(usual, qualities)


def _quality(parameters: str) -> float | None:
    if (found := _QUALITY.search(parameters)) is None:
        return 1.0
    return float(found[1]) if _QVALUE.fullmatch(found[1]) else None


def _of(media_type: str, qualities: dict[str, float]) -> float:
    ranges = (media_type, f"{media_type.partition('/')[0]}/*", "*/*")
    return next((qualities[each] for each in ranges if each in qualities), 0.0)
