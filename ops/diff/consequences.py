"""What a change leads to: how serious it is, what happens, and what to do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

# From the most serious to the least.
Severity = Literal["data loss", "weaker protection", "interruption", "note"]
SEVERITIES: tuple[Severity, ...] = ("data loss", "weaker protection", "interruption", "note")

_OF_ANOTHER = re.compile(r"\w+/[\w.]+")


@dataclass(frozen=True)
class Consequence:
    """What one change leads to. `subject` is the resource as in "storage/Images2D38C313 (S3::Bucket)"."""

    severity: Severity
    subject: str
    happens: str
    remedy: str = ""


def subject(stack: str, name: str, kind: str = "") -> str:
    """Return the name of a resource for a reader; `kind` is its type, as in AWS::S3::Bucket.

    A resource of another stack has that in its name.
    """
    shown = kind.removeprefix("AWS::")
    whole = name if _OF_ANOTHER.fullmatch(name) else f"{stack}/{name}"
    return f"{whole} ({shown})" if shown else whole
