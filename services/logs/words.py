"""The words of our Edge Functions' lines, by a list: a name is letters too, and no pattern tells it apart."""

import re

# `message` and `reason` of each line that supabase/functions write.
_MESSAGES = frozenset(
    {"analysis passed on", "event not applied", "event refused", "event taken", "lines are not sent"}
)
_REASONS = re.compile(
    "|".join(
        (
            "POST an event",
            "more than [0-9]{1,9} characters",
            "no signature that holds, or too old",
            "not an event of a report",
            "VITRINE_LOGS_URL is no https address",
            "VITRINE_LOGS_KEY is not one key of at least 32 characters",
        )
    ),
    re.ASCII,
)


def is_message(value: object) -> bool:
    """Return whether a value is the message of a line of ours."""
    return isinstance(value, str) and value in _MESSAGES


def is_reason(value: object) -> bool:
    """Return whether a value is the reason in a line of ours."""
    return isinstance(value, str) and _REASONS.fullmatch(value) is not None
