"""What the settings alone tell; needs no account."""

from collections.abc import Iterator
from datetime import date
from typing import Any
from urllib.parse import urlsplit

from cli.findings import Finding, failure, ok, warning
from ops.commands import smoke
from ops.doctor.model import DEMO
from settings.environment import Environment

# The host and the key of the committed files, which are placeholders.
_HOST, _KEY = ".invalid", "your_key"
_GPU = ("ml.g", "ml.p")
HOURS_PER_MONTH = 730


def settings_filled(settings: Environment, today: date) -> Iterator[Finding]:
    """Placeholders that are left, and the notices of the settings."""
    subject = f"settings of {settings.name}"
    placeholders = [(key, value) for key, value in _texts(settings.model_dump()) if _is_placeholder(value)]
    for key, value in placeholders:
        yield failure(
            subject, f"{key} is still the placeholder {value}", "Set your own in the environment's file."
        )
    for notice in settings.notices(today):
        if _HOST not in notice:  # reported above
            yield warning(subject, notice, "Change it in the environment's file.")
    yield from _demo_on_a_gpu(settings)
    if not placeholders:
        yield ok(subject, "no placeholder is left")


def _demo_on_a_gpu(settings: Environment) -> Iterator[Finding]:
    model = settings.model
    if model.artifact != DEMO or model.paused or not model.instance_type.startswith(_GPU):
        return
    monthly = model.usd_per_hour * HOURS_PER_MONTH
    yield warning(
        "demo model on a GPU",
        f"model.artifact is the demo, which needs no GPU: an {model.instance_type} costs "
        f"{model.usd_per_hour:g} USD an hour, {monthly:.0f} USD a month if it never scales to zero.",
        "Set model.artifact to the full model's archive, or model.instance_type to ml.m5.large.",
    )


def smoke_user() -> Iterator[Finding]:
    """Whether the smoke test has a user to post its photo as."""
    subject = "smoke test's user"
    if smoke.user_is_set():
        yield ok(subject, "is set")
        return
    yield warning(
        subject,
        "none is set, so no photo will be posted to what is deployed.",
        f"Set {smoke.TOKEN}, or {smoke.EMAIL} and {smoke.PASSWORD}.",
    )


def _is_placeholder(value: str) -> bool:
    return (urlsplit(value).hostname or "").endswith(_HOST) or value.endswith(_KEY)


def _texts(values: dict[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    for key, value in values.items():
        if isinstance(value, dict):
            yield from _texts(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            yield f"{prefix}{key}", value
