"""The sections of an environment file, as types: what each key means, its unit and what it may be."""

import re
from datetime import date
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an http(s) URL without query and fragment, such as https://example.com")
    return value.rstrip("/")


def _origin(value: str) -> str:
    if not re.fullmatch(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?", value):
        raise ValueError("an origin: http(s)://host[:port] and no more, such as https://shop.example.com")
    return value


def _artifact(value: str) -> str:
    if value != "demo" and not re.fullmatch(r"models/[0-9a-f]{64}/blip2-endpoint\.tar\.gz", value):
        raise ValueError("'demo' or models/<sha256 of the archive>/blip2-endpoint.tar.gz")
    return value


Url = Annotated[str, AfterValidator(_url)]
Origin = Annotated[str, AfterValidator(_origin)]
Artifact = Annotated[str, AfterValidator(_artifact)]
Name = Annotated[str, Field(min_length=1, max_length=512, pattern=r"^[A-Za-z0-9/_+=.@-]+$")]
Text = Annotated[str, Field(min_length=1)]
Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    """A part of the settings: frozen, strict about types, with no key that nobody reads."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


class Domain(Section):
    """The gateway's own name, and the Route 53 zone that holds it."""

    name: Annotated[str, Field(pattern=r"^([a-z0-9-]+\.)+[a-z]{2,}$")]
    hosted_zone_id: Annotated[str, Field(pattern=r"^Z[A-Z0-9]+$")]
    hosted_zone_name: Annotated[str, Field(pattern=r"^([a-z0-9-]+\.)+[a-z]{2,}$")]

    @model_validator(mode="after")
    def _in_its_zone(self) -> "Domain":
        if self.name != self.hosted_zone_name and not self.name.endswith(f".{self.hosted_zone_name}"):
            raise ValueError(f"a name inside the hosted zone {self.hosted_zone_name}, not {self.name}")
        return self


class Model(Section):
    """The vision model and the endpoint that serves it. `mode` names the SageMaker hosting option."""

    artifact: Artifact
    endpoint_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9](-?[A-Za-z0-9])*$", max_length=63)]
    mode: Literal["realtime", "async"]
    paused: bool = False
    network_isolation: bool = False
    instance_type: Annotated[str, Field(pattern=r"^ml\.[a-z0-9-]+\.[a-z0-9]+$")]
    image_uri: (
        Annotated[str, Field(pattern=r"^[a-z0-9.-]+/[^\s:@]+(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$")] | None
    ) = None
    min_instances: Annotated[int, Field(ge=0, le=20)]
    max_instances: Annotated[int, Field(ge=1, le=20)]
    usd_per_hour: Usd

    @model_validator(mode="after")
    def _bounds_fit(self) -> "Model":
        if self.max_instances < self.min_instances:
            raise ValueError(f"max_instances of at least min_instances ({self.min_instances})")
        if self.min_instances == 0 and self.mode == "realtime":
            raise ValueError("min_instances of at least 1 for a realtime endpoint: only async scales to zero")
        if self.instance_type.startswith("ml.t") and self.min_instances != self.max_instances:
            raise ValueError(f"min_instances equal to max_instances: AWS does not scale {self.instance_type}")
        return self


class Service(Section):
    """The Fargate tasks that run `services/analyze`: size of one, and how many."""

    cpu_units: Literal[256, 512, 1024, 2048, 4096]
    memory_mb: Annotated[int, Field(ge=512, le=30_720, multiple_of=512)]
    min_tasks: Annotated[int, Field(ge=1, le=100)]
    max_tasks: Annotated[int, Field(ge=1, le=100)]

    @model_validator(mode="after")
    def _fits_fargate(self) -> "Service":
        if self.max_tasks < self.min_tasks:
            raise ValueError(f"max_tasks of at least min_tasks ({self.min_tasks})")
        # Fargate sells 2 to 8 GB of memory for each vCPU; a quarter of one comes with up to 2 GB.
        least, most = self.cpu_units * 2, self.cpu_units * 8
        if not least <= self.memory_mb <= most:
            raise ValueError(f"memory_mb from {least} to {most} beside {self.cpu_units} cpu_units")
        return self


class Supabase(Section):
    """The project that signs the users in. Its legacy secret is named, never here.

    Without an `issuer`, its tokens are those of <url>/auth/v1.
    """

    url: Url
    issuer: Url | None = None
    publishable_key: Text
    legacy_secret_name: Name | None = None


class Llm(Section):
    """Who words the reports, and its price in USD per million tokens. Its key is named, never here."""

    model: Text
    base_url: Url | None = None
    secret_name: Name
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = None
    usd_per_mtok_input: Usd
    usd_per_mtok_output: Usd
    shutdown_date: date | None = None


class Alarms(Section):
    """When somebody is told."""

    p95_latency_ms: Annotated[int, Field(ge=100, le=30_000)]
    error_percent: Annotated[float, Field(gt=0, le=100)]
    monthly_budget_usd: Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Rate(Section):
    """Requests a second, over all users, and how many may come at once."""

    per_second: Annotated[float, Field(gt=0, le=10_000)]
    burst: Annotated[int, Field(ge=1, le=5_000)]


class Throttle(Section):
    """The gateway's limits: one for new analyses, one for everything about reports."""

    analyze: Rate
    reports: Rate


class Studio(Section):
    """SageMaker Studio, where a person packages and tries models; `network` is its apps' way out."""

    user_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9](-?[A-Za-z0-9])*$", max_length=63)]
    network: Literal["internet", "vpc"]
    idle_shutdown_minutes: Annotated[int, Field(ge=60, le=525_600)]
