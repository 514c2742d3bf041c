"""The sections of the model: its endpoint and its hours, and the goods that it is asked about."""

from datetime import time
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator, model_validator

from settings.field_types import Artifact, Department, EndpointName, Section, Usd, matching

# What an endpoint without an instance needs at most to answer again: instance, image, archive, warm-up.
WAKE_MINUTES = 10
Day = Literal["MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN"]


class Schedule(Section):
    """The hours in which an endpoint that scales to zero keeps one instance. Times are in `time_zone`."""

    days: Annotated[tuple[Day, ...], Field(min_length=1, strict=False)]
    start: time
    stop: time
    time_zone: str

    @field_validator("days")
    @classmethod
    def _distinct(cls, days: tuple[Day, ...]) -> tuple[Day, ...]:
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
    def _known(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:
            raise ValueError("a name of the IANA time zone database, such as America/Toronto") from error
        return value

    @model_validator(mode="after")
    def _start_before_stop(self) -> "Schedule":
        if self.start >= self.stop:
            raise ValueError(f"a stop after the start at {self.start}, on the same day")
        return self

    @property
    def hours_per_week(self) -> float:
        """Hours of a week in which the instance is kept."""
        minutes = (self.stop.hour - self.start.hour) * 60 + self.stop.minute - self.start.minute
        return len(self.days) * minutes / 60


class Model(Section):
    """The vision model and the endpoint that serves it. `mode` names the SageMaker hosting option.

    `catalogue_version` is that of the catalogue in the archive; `release` writes it beside `artifact`.
    """

    artifact: Artifact
    catalogue_version: (
        Annotated[str, matching(r"[0-9a-f]{16}", "the version that `release` writes: 16 hexadecimal digits")]
        | None
    ) = None
    endpoint_name: EndpointName
    mode: Literal["realtime", "async"]
    paused: bool = False
    network_isolation: bool = False
    instance_type: Annotated[
        str, matching(r"ml\.[a-z0-9-]+\.[a-z0-9]+", "an instance type of SageMaker, such as ml.g4dn.xlarge")
    ]
    image_uri: (
        Annotated[
            str,
            matching(
                r"[a-z0-9.-]+/[^\s:@]+(:[\w.-]+)?(@sha256:[0-9a-f]{64})?",
                "an image by its registry, its name and a tag or digest, without https://, such as "
                "123456789012.dkr.ecr.ca-central-1.amazonaws.com/blip2:1",
            ),
        ]
        | None
    ) = None
    inference_ami_version: (
        Annotated[
            str,
            matching(
                r"[a-z0-9-]+", "a version of SageMaker's, such as al2023-ami-sagemaker-inference-gpu-4-1"
            ),
        ]
        | None
    ) = None
    min_instances: Annotated[int, Field(ge=0, le=20)]
    max_instances: Annotated[int, Field(ge=1, le=20)]
    usd_per_hour: Usd
    schedule: Schedule | None = None

    @model_validator(mode="after")
    def _demo_has_no_version(self) -> "Model":
        if self.artifact == "demo" and self.catalogue_version is not None:
            raise ValueError(
                'no catalogue_version beside artifact "demo": the demo is built with the committed catalogue'
            )
        return self

    @model_validator(mode="after")
    def _bounds_fit(self) -> "Model":
        if self.max_instances < self.min_instances:
            raise ValueError(f"max_instances of at least min_instances ({self.min_instances})")
        if self.min_instances == 0 and self.mode == "realtime":
            raise ValueError("min_instances of at least 1 for a realtime endpoint: only async scales to zero")
        if self.instance_type.startswith("ml.t") and self.min_instances != self.max_instances:
            raise ValueError(f"min_instances equal to max_instances: AWS does not scale {self.instance_type}")
        if self.schedule is not None and self.min_instances > 0:
            raise ValueError("min_instances = 0 beside [model.schedule]: it wakes an endpoint scaled to zero")
        return self

    @property
    def canary_name(self) -> str:
        """Name of the temporary endpoint on which a release tries a new archive."""
        return f"{self.endpoint_name}-canary"

    @property
    def wake_minutes(self) -> int | None:
        """Minutes that a request may wait for an instance; None: one always runs.

        A pause does not change it: it deploys the model's stack alone.
        """
        return WAKE_MINUTES if self.min_instances == 0 else None


class Catalogue(Section):
    """The goods that the model is asked about; `departments` are all of the catalogue's by default.

    `wear_tiles` are the quarters of each photo that wear is asked of, beside the whole photo.
    """

    goods: Literal["drawn", "photo", "second_hand"]
    departments: Annotated[tuple[Department, ...], Field(min_length=1, strict=False)] | None = None
    wear_tiles: Literal[0, 4] = 0

    @property
    def large_photos(self) -> bool:
        """Whether the model gets photos as they are stored: it looks nearer at parts of them."""
        return self.wear_tiles > 0 or self.goods == "photo"

    @field_validator("departments")
    @classmethod
    def _distinct(cls, departments: tuple[str, ...] | None) -> tuple[str, ...] | None:
        if departments is not None and len(set(departments)) != len(departments):
            raise ValueError("each department once")
        return departments
