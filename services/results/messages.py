"""The messages of the jobs queue: a report to continue, or the result of an async inference."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel

from services.core.domain.stored_report import ReportRef


@dataclass(frozen=True)
class InferenceResult:
    """An ended async inference: the key of its answer in the exchange bucket, or its failure."""

    report_id: str
    output_key: str | None
    failure: str | None

    @property
    def refused(self) -> bool:
        """Whether the container rejected the request, so that sending it again does not help."""
        return bool(self.failure and re.search(r"client error \(4\d\d\)", self.failure))


class _Response(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    output_location: str | None = None


class _Notification(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    inference_id: str = Field(min_length=1)
    invocation_status: str
    failure_reason: str | None = None
    response_parameters: _Response = _Response()


def parse_message(body: str) -> ReportRef | InferenceResult | None:
    """The content of a message, or None if it has neither form."""
    if (ref := ReportRef.from_json(body)) is not None:
        return ref
    try:
        notification = _Notification.model_validate_json(body)
    except ValidationError:
        return None
    completed = notification.invocation_status == "Completed"
    place = notification.response_parameters.output_location
    return InferenceResult(
        notification.inference_id,
        urlsplit(place).path[1:] if place else None,
        None if completed else notification.failure_reason or "no reason given",
    )
