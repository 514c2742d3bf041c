"""The sections of an environment file, as types: what each key means, its unit and what it may be."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from settings.field_types import Artifact, Name, Section, Text, Url, Usd
from settings.schedule import Schedule


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
    inference_ami_version: Annotated[str, Field(pattern=r"^[a-z0-9-]+$")] | None = None
    min_instances: Annotated[int, Field(ge=0, le=20)]
    max_instances: Annotated[int, Field(ge=1, le=20)]
    usd_per_hour: Usd
    schedule: Schedule | None = None

    @model_validator(mode="after")
    def _bounds_fit(self) -> "Model":
        if self.max_instances < self.min_instances:
            raise ValueError(f"max_instances of at least min_instances ({self.min_instances})")
        if self.min_instances == 0 and self.mode == "realtime":
            raise ValueError("min_instances of at least 1 for a realtime endpoint: only async scales to zero")
        if self.instance_type.startswith("ml.t") and self.min_instances != self.max_instances:
            raise ValueError(f"min_instances equal to max_instances: AWS does not scale {self.instance_type}")
        if self.schedule is not None and self.min_instances > 0:
            raise ValueError("min_instances = 0 beside [model.schedule]: it wakes an endpoint that sleeps")
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
    """Who words the reports, and its price in USD per million tokens. Its key is named, never here.

    With a `job_tier` the reports that no client waits for are worded in that service tier of the provider.
    """

    model: Text
    base_url: Url | None = None
    secret_name: Name
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = None
    job_tier: Literal["flex"] | None = None
    usd_per_mtok_input: Usd
    usd_per_mtok_output: Usd
    shutdown_date: date | None = None


class FallbackLlm(Section):
    """A vision LLM that answers while the endpoint sleeps or is away, at [llm]'s provider, and its price."""

    llm: Text
    usd_per_mtok_input: Usd
    usd_per_mtok_output: Usd


class Webhook(Section):
    """Where the end of a report is told, signed with the keys of the secret of this name."""

    url: Url
    secret_name: Name


class Hooks(Section):
    """What the database tells us, signed with the keys of the secret of this name."""

    secret_name: Name


class Consumers(Section):
    """The functions that empty the queues: how many of each run at once, and whether they are set aside."""

    max_concurrency: Annotated[int, Field(ge=2, le=1000)]
    reserved_concurrency: Annotated[int, Field(ge=2, le=1000)] | None = None

    @model_validator(mode="after")
    def _suffices(self) -> "Consumers":
        if self.reserved_concurrency is not None and self.reserved_concurrency < self.max_concurrency:
            raise ValueError(f"reserved_concurrency of at least max_concurrency ({self.max_concurrency})")
        return self


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
    """The gateway's limits: for new analyses and uploads, for everything about reports, for the database."""

    analyze: Rate
    reports: Rate
    hooks: Rate


class Studio(Section):
    """SageMaker Studio, where a person packages and tries models; `network` is its apps' way out."""

    user_name: Annotated[str, Field(pattern=r"^[A-Za-z0-9](-?[A-Za-z0-9])*$", max_length=63)]
    network: Literal["internet", "vpc"]
    idle_shutdown_minutes: Annotated[int, Field(ge=60, le=525_600)]
