"""The time of an event, in whatever unit its sender states it."""

from datetime import UTC, datetime

# Below each bound, a number since 1970 counts this many of its units in a millisecond: seconds until the
# year 5138, milliseconds, microseconds, nanoseconds. Each unit's numbers before 1973 are taken for another's.
_UNITS = ((10**11, 1, 1000), (10**14, 1, 1), (10**17, 1000, 1), (10**20, 1_000_000, 1))
LONGEST_TEXT = 40


def milliseconds(value: object) -> int | None:
    """Return a time in milliseconds since 1970: of a number in s, ms, µs or ns, or an ISO 8601 text.

    A text without a zone is in UTC. Returns None if it is neither.
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return _of_number(value)
    if not isinstance(value, str) or len(value) > LONGEST_TEXT:
        return None
    if value.isascii() and value.isdigit():
        return _of_number(int(value))
    try:
        moment = datetime.fromisoformat(value)
    except ValueError:
        return None
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return _positive(since.days * 86_400_000 + since.seconds * 1000 + since.microseconds // 1000)


def iso(at_ms: int) -> str:
    """Return milliseconds since 1970 as log lines state a time; raises ValueError after the year 9999."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="milliseconds")


def _of_number(number: float) -> int | None:
    # NaN is below no bound.
    for bound, divisor, factor in _UNITS:
        if 0 < number < bound:
            return _positive(int(number * factor) // divisor)
    return None


def _positive(at_ms: int) -> int | None:
    return at_ms if at_ms > 0 else None
