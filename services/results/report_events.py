"""The messages of the webhook queue: which report has ended, or was erased."""

import json
from dataclasses import dataclass
from typing import Self

from services.core.domain.stored_report import ReportRef


@dataclass(frozen=True)
class ReportEnded:
    """A report has ended; its row says how."""

    ref: ReportRef

    def to_json(self) -> str:
        """The message: the reference alone, since an erased report is not sent."""
        return self.ref.to_json()


@dataclass(frozen=True)
class ReportErased:
    """A report was erased or has expired, at `at` seconds since 1970, so no row holds the rest of its event.

    `analysis` is the row of the database that asked for the report.
    """

    ref: ReportRef
    analysis: str | None
    at: int

    def to_json(self) -> str:
        """The message, ids only."""
        content = {"kind": "erased", **json.loads(self.ref.to_json()), "analysis": self.analysis}
        return json.dumps({**content, "at": self.at})

    @classmethod
    def from_content(cls, ref: ReportRef, content: object) -> Self | None:
        """The event that a message's content holds, or None if it is none of an erasure."""
        match content:
            case {"kind": "erased", "analysis": str() | None as analysis, "at": int(at)}:
                return cls(ref, analysis, at)
        return None


def report_event(body: str) -> ReportEnded | ReportErased | None:
    """The event of a message, or None if the message has another form."""
    ref = ReportRef.from_json(body)
    if ref is None:
        return None
    content = json.loads(body)
    return ReportErased.from_content(ref, content) if "kind" in content else ReportEnded(ref)
