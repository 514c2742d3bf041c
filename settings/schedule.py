"""The section [model.schedule]: office hours, as a person says them."""

from datetime import time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from settings.field_types import Section

Day = Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]


class Schedule(Section):
    """The hours in which an endpoint that else sleeps has an instance ready. Times are of the `time_zone`."""

    days: Annotated[tuple[Day, ...], Field(min_length=1, strict=False)]
    start: time
    stop: time
    time_zone: str

    @field_validator("days")
    @classmethod
    def _once_each(cls, days: tuple[Day, ...]) -> tuple[Day, ...]:
        if len(set(days)) != len(days):
            raise ValueError("each day once")
        return days

    @field_validator("start", "stop")
    @classmethod
    def _whole_minutes(cls, value: time) -> time:
        if value.second or value.microsecond or value.tzinfo:
            raise ValueError("a time of the day in whole minutes, such as 08:00:00")
        return value

    @field_validator("time_zone")
    @classmethod
    def _is_known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("a name of the IANA time zone database, such as America/Toronto") from error
        return value

    @model_validator(mode="after")
    def _begins_before_it_ends(self) -> "Schedule":
        if self.start >= self.stop:
            raise ValueError(f"a stop after the start at {self.start}, on the same day")
        return self

    @property
    def hours_per_week(self) -> float:
        """How long the instance is ready in a week."""
        minutes = (self.stop.hour - self.start.hour) * 60 + self.stop.minute - self.start.minute
        return len(self.days) * minutes / 60
