"""What the settings say by themselves; needs no account."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from delivery import user
from delivery.findings import Finding, failure, warning, well
from stacks.environment import Environment

# The host and the key of the committed files, which stand for one's own.
_HOST, _KEY = ".invalid", "your_key"


def settings_filled(settings: Environment, today: date) -> Iterator[Finding]:
    """Placeholders that are still there, and what the settings themselves give notice of."""
    subject = f"settings of {settings.name}"
    placeholders = [(key, value) for key, value in _texts(settings.model_dump()) if _is_placeholder(value)]
    for key, value in placeholders:
        yield failure(
            subject, f"{key} is still the placeholder {value}", "Set your own in the environment's file."
        )
    for notice in settings.notices(today):
        if _HOST not in notice:  # those are told above
            yield warning(subject, notice, "Change it in the environment's file.")
    if not placeholders:
        yield well(subject, "no placeholder is left")


def smoke_user() -> Iterator[Finding]:
    """Whether the smoke test has a user to post its photo as."""
    subject = "smoke test's user"
    if user.is_named():
        yield well(subject, "named")
        return
    yield warning(
        subject,
        "none is named, so no photo will be posted to what is deployed.",
        f"Set {user.TOKEN}, or {user.EMAIL} and {user.PASSWORD}.",
    )


def _is_placeholder(value: str) -> bool:
    return (urlsplit(value).hostname or "").endswith(_HOST) or value.endswith(_KEY)


def _texts(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _texts(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            yield f"{prefix}{key}", value
