"""What the jobs queue holds: our own reminders, and SageMaker's news of an async endpoint's answers."""

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel


@dataclass(frozen=True)
class ResumeReport:
    """Somebody should look after this report."""

    owner: str
    report_id: str


@dataclass(frozen=True)
class InferenceResult:
    """The endpoint has answered the question of this report, at `output_key` of the exchange bucket.

    Or it has failed at it, and `failure` says why.
    """

    report_id: str
    output_key: str | None
    failure: str | None

    @property
    def refused(self) -> bool:
        """Whether the container found fault with the question: asking again does not help."""
        return bool(self.failure and re.search(r"client error \(4\d\d\)", self.failure))


class _Reminder(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    owner: str = Field(min_length=1)
    report: str = Field(min_length=1)


class _Response(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    output_location: str | None = None


class _News(BaseModel):
    model_config = ConfigDict(alias_generator=to_camel)
    inference_id: str = Field(min_length=1)
    invocation_status: str
    failure_reason: str | None = None
    response_parameters: _Response = _Response()


def content(body: str) -> ResumeReport | InferenceResult | None:
    """What a message says; None for what is neither."""
    try:
        reminder = _Reminder.model_validate_json(body)
        return ResumeReport(reminder.owner, reminder.report)
    except ValidationError:
        pass
    try:
        news = _News.model_validate_json(body)
    except ValidationError:
        return None
    completed = news.invocation_status == "Completed"
    place = news.response_parameters.output_location
    return InferenceResult(
        news.inference_id,
        urlsplit(place).path[1:] if place else None,
        None if completed else news.failure_reason or "no reason given",
    )
