"""What a value has to look like to be stored: each rule is too narrow for personal data.

A drain's events hold addresses, tokens, user agents and whatever a function prints. So nothing is removed
from an event; it is made anew of the values that fulfil these rules.
"""

import re
from collections.abc import Callable
from typing import Any

from services.logs.words import is_error, is_function, is_message, is_name_of_count, is_outcome, is_reason

Check = Callable[[Any], bool]

_UUID = r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
# Digits alone could be the number of a card or a telephone. So one random id of 16 digits in 1,800 is dropped
# for having no letter; of the longer ones, one in millions.
_HEX = r"(?=.*[a-f])(?=.*[0-9])[0-9a-f]"
_ULID = r"(?=.*[A-Z])[0-7][0-9A-HJKMNP-TV-Z]{25}"
# No number of six digits or more, which could be one of a telephone.
_NO_NUMBER = r"(?!.*[0-9]{6})"
LEVELS = {
    "debug": "DEBUG",
    "log": "INFO",
    "info": "INFO",
    "warn": "WARNING",
    "warning": "WARNING",
    "error": "ERROR",
    "fatal": "CRITICAL",
    "critical": "CRITICAL",
}
_LONGEST_MS = 86_400_000
_HIGHEST_COUNT = 1_000_000


def text(pattern: str) -> Check:
    """Return the check that a value is a text of this pattern."""
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: isinstance(value, str) and compiled.fullmatch(value) is not None


def number(most: float) -> Check:
    """Return the check that a value is a number from 0 to `most`."""
    return lambda value: isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= most


def integer(least: int, most: int) -> Check:
    """Return the check that a value is a whole number from `least` to `most`."""
    return lambda value: isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def either(one: Check, other: Check) -> Check:
    """Return the check that a value passes one of two."""
    return lambda value: one(value) or other(value)


def numbers(name: Check, each: Check) -> Check:
    """Return the check that a value is an object whose names pass `name`, and whose values pass `each`."""
    return lambda value: (
        isinstance(value, dict) and all(name(key) and each(found) for key, found in value.items())
    )


is_uuid = text(_UUID)
is_slug = text(rf"{_NO_NUMBER}[a-z][a-z0-9_-]{{0,62}}")
is_region = text(r"[a-z]{2}-(gov-)?(north|south)?(east|west)?(central)?-[0-9]")
is_deployment = either(integer(0, 99_999), text(r"[0-9]{1,5}"))
is_status = integer(100, 599)
is_duration_ms = number(_LONGEST_MS)
is_count = integer(0, _HIGHEST_COUNT)
is_method = text(r"GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS")
# Of log_schema.json, the fields that a line of our functions keeps; time and environment are not its own.
OF_OUR_LINES: dict[str, Check] = {
    "level": text("DEBUG|INFO|WARNING|ERROR|CRITICAL"),
    "service": is_function,
    # A commit's hash, a version of two or three numbers, or none. A telephone's number has no letter.
    "version": text(r"(?=.*[a-f])[0-9a-f]{7,40}|v?[0-9]{1,3}(\.[0-9]{1,3}){1,2}|none"),
    "message": is_message,
    "trace": text(rf"{_HEX}{{32}}"),
    "span": text(rf"{_HEX}{{16}}"),
    "parent": text(rf"{_HEX}{{16}}"),
    "report": text(_ULID),
    "upload": text(_ULID),
    "analysis": is_uuid,
    "user": text(rf"{_HEX}{{16}}"),
    "method": is_method,
    "status": is_status,
    "outcome": is_outcome,
    "reason": is_reason,
    "error": is_error,
    "attempt": is_count,
    "retry_in_s": is_count,
    "count": is_count,
    "counts": numbers(is_name_of_count, is_count),
    "duration_ms": is_duration_ms,
}
