"""The messages of the jobs queue: a report to continue or to erase, or the end of an inference."""

import json
import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from services.core.domain.errors import CatalogueMismatch
from services.core.domain.observation import PendingInference
from services.core.domain.stored_report import ReportRef
from services.core.vision.faults import CONTENT_STATUSES, mismatch_in


@dataclass(frozen=True)
class InferenceResult:
    """An ended async inference: the key of its answer in the exchange bucket, or its failure."""

    inference_id: str
    output_key: str | None
    failure: str | None
    failure_key: str | None = None

    @property
    def report_id(self) -> str:
        """The report, whose id the inference id starts with."""
        return self.inference_id.partition(".")[0]

    @property
    def refused(self) -> bool:
        """Whether the container rejected the content of the request: sending it again does not help."""
        status = re.search(r"client error \((\d{3})\)", self.failure or "")
        return status is not None and int(status[1]) in CONTENT_STATUSES

    def mismatch(self, endpoint: str, version: str) -> CatalogueMismatch | None:
        """The error if the container has another catalogue than that of the request, else None."""
        return mismatch_in(self.failure or "", endpoint, version)

    def concerns(self, pending: PendingInference | None) -> bool:
        """Whether this is the end of the report's pending inference, and not of an earlier one.

        An answer counts as well if its request was sent by a worker that was killed before it recorded it.
        """
        if pending is None:
            return self.failure is None and self.output_key is not None
        if pending.inference_id is not None:
            return pending.inference_id == self.inference_id
        return self.output_key in (None, pending.output_key) and "." not in self.inference_id


@dataclass(frozen=True)
class EraseReport:
    """A report that the database asks to erase."""

    ref: ReportRef


class _Response(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    output_location: str | None = None
    failure_location: str | None = None


class _Notification(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    inference_id: str = Field(min_length=1)
    invocation_status: str
    failure_reason: str | None = None
    response_parameters: _Response = _Response()


def parse_message(body: str) -> ReportRef | EraseReport | InferenceResult | None:
    """The content of a message, or None if it has none of these forms."""
    if (ref := ReportRef.from_json(body)) is not None:
        return EraseReport(ref) if json.loads(body).get("erase") is True else ref
    try:
        notification = _Notification.model_validate_json(body)
    except ValidationError:
        return None
    completed = notification.invocation_status == "Completed"
    places = notification.response_parameters
    return InferenceResult(
        notification.inference_id,
        _key(places.output_location),
        None if completed else notification.failure_reason or "no reason given",
        _key(places.failure_location),
    )


def _key(location: str | None) -> str | None:
    return urlsplit(location).path[1:] if location else None
