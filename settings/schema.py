"""The sections of an environment file, as types: what each key means, its unit and its allowed values."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from settings.field_types import (
    BaseUrl,
    CertificateArn,
    DomainName,
    HostedZoneId,
    IssuerUrl,
    Name,
    Notify,
    Origin,
    PolicyArn,
    ProjectUrl,
    PublishableKey,
    ResourceName,
    Role,
    Section,
    Text,
    Url,
    Usd,
    matching,
)


class Bootstrap(Section):
    """A CDK bootstrap of the environment's own, so that environments in one account cannot deploy each other.

    `execution_policies` are the ARNs of the policies by which CloudFormation deploys; with none it has
    AdministratorAccess.
    """

    qualifier: Annotated[
        str,
        matching(
            r"(?!hnb659fds$)[a-z][a-z0-9]{0,9}",
            "1 to 10 lower-case letters and digits, a letter first; not the CDK's own, hnb659fds",
        ),
    ]
    execution_policies: Annotated[tuple[PolicyArn, ...], Field(max_length=10, strict=False)] = ()


class Domain(Section):
    """The API's custom domain, and the Route 53 zone that holds it."""

    name: DomainName
    hosted_zone_id: HostedZoneId
    hosted_zone_name: DomainName

    @model_validator(mode="after")
    def _in_its_zone(self) -> "Domain":
        if self.name != self.hosted_zone_name and not self.name.endswith(f".{self.hosted_zone_name}"):
            raise ValueError(f"a name inside the hosted zone {self.hosted_zone_name}, not {self.name}")
        return self


class Web(Section):
    """The page, served by CloudFront, at its own domain name if there is one.

    CloudFront takes certificates of us-east-1 alone. With a hosted zone the name's address is declared too.
    """

    domain_name: DomainName | None = None
    certificate_arn: CertificateArn | None = None
    hosted_zone_id: HostedZoneId | None = None

    @model_validator(mode="after")
    def _complete(self) -> "Web":
        if (self.domain_name is None) != (self.certificate_arn is None):
            raise ValueError("domain_name and certificate_arn together, or neither")
        if self.hosted_zone_id is not None and self.domain_name is None:
            raise ValueError("domain_name beside hosted_zone_id")
        return self

    @property
    def origin(self) -> str:
        """The page's origin; without a domain name CloudFront chooses it, and this is a pattern."""
        return f"https://{self.domain_name or '*.cloudfront.net'}"


class ServiceSize(Section):
    """The Fargate tasks that run `services/analyze`: the size of one task, its processes, how many run."""

    cpu_units: Literal[256, 512, 1024, 2048, 4096]
    memory_mb: Annotated[int, Field(ge=512, le=30_720, multiple_of=512)]
    workers: Annotated[int, Field(ge=1, le=4)] = 1
    min_tasks: Annotated[int, Field(ge=1, le=100)]
    max_tasks: Annotated[int, Field(ge=1, le=100)]

    @model_validator(mode="after")
    def _fits_fargate(self) -> "ServiceSize":
        if self.max_tasks < self.min_tasks:
            raise ValueError(f"max_tasks of at least min_tasks ({self.min_tasks})")
        # Fargate offers 2 to 8 GB of memory per vCPU, and up to 2 GB with a quarter of a vCPU.
        least, most = self.cpu_units * 2, self.cpu_units * 8
        if not least <= self.memory_mb <= most:
            raise ValueError(f"memory_mb from {least} to {most} beside {self.cpu_units} cpu_units")
        if self.workers > max(1, self.cpu_units // 1024):
            raise ValueError(f"at most one worker per vCPU: {max(1, self.cpu_units // 1024)}")
        return self


class Supabase(Section):
    """The Supabase project whose users may call the API.

    The legacy HS256 secret is in Secrets Manager, under `legacy_secret_name`. Without an `issuer`, tokens are
    issued by <url>/auth/v1. A token's `role` is one of `roles`; anonymous users have a setting of their own,
    because Supabase gives them the role of signed-in users.
    """

    url: ProjectUrl
    issuer: IssuerUrl | None = None
    publishable_key: PublishableKey
    legacy_secret_name: Name | None = None
    roles: Annotated[tuple[Role, ...], Field(min_length=1, strict=False)] = ("authenticated",)
    allow_anonymous: bool = False


class Llm(Section):
    """The LLM that writes the reports' texts, and its price in USD per million tokens.

    Its API key is in Secrets Manager, under `secret_name`. `job_tier` is the provider's service tier for
    reports that no client waits for.
    """

    model: Text
    base_url: BaseUrl | None = None
    secret_name: Name
    reasoning_effort: Literal["none", "minimal", "low", "medium", "high"] | None = None
    job_tier: Literal["flex"] | None = None
    usd_per_mtok_input: Usd
    usd_per_mtok_cached_input: Usd
    usd_per_mtok_output: Usd
    shutdown_date: date | None = None


class FallbackLlmSettings(Section):
    """A vision LLM of [llm]'s provider that answers while the endpoint is unavailable, and its price."""

    model: Text
    usd_per_mtok_input: Usd
    usd_per_mtok_output: Usd


class Webhook(Section):
    """The URL that gets an event for each report that ends, and the secret with the keys that sign it."""

    url: Url
    secret_name: Name


class Hooks(Section):
    """The database webhooks that the API receives, and the secret with the keys that sign them.

    With `logs_secret_name` the API takes Supabase's Edge logs too; that secret holds the keys that their
    senders name.
    """

    secret_name: Name
    logs_secret_name: Name | None = None

    @model_validator(mode="after")
    def _distinct(self) -> "Hooks":
        if self.logs_secret_name == self.secret_name:
            raise ValueError(
                f"logs_secret_name of a secret of its own, because a drain holds its key in plain text; not "
                f"{self.secret_name}"
            )
        return self


class PostHog(Section):
    """The PostHog project that gets an event for each report that ends.

    `project_key` can only write, so it is no secret. `project_id` is the number in the project's URL, by
    which `python -m ops posthog` finds it. `host` is the URL of an installation of one's own.
    """

    project_key: Annotated[
        str, matching(r"phc_[A-Za-z0-9_]{4,80}", "the project's API key, phc_…, of its settings page")
    ]
    project_id: Annotated[int, Field(ge=1)]
    region: Literal["us", "eu"] = "us"
    host: Origin | None = None

    @property
    def capture_url(self) -> str:
        """The origin that takes events."""
        return self.host or f"https://{self.region}.i.posthog.com"

    @property
    def api_url(self) -> str:
        """The origin of the API by which insights and alerts are made."""
        return self.host or f"https://{self.region}.posthog.com"


class Consumers(Section):
    """The functions that consume the queues: how many of each run at once, and their reserved concurrency."""

    max_concurrency: Annotated[int, Field(ge=2, le=1000)]
    reserved_concurrency: Annotated[int, Field(ge=2, le=1000)] | None = None

    @model_validator(mode="after")
    def _suffices(self) -> "Consumers":
        if self.reserved_concurrency is not None and self.reserved_concurrency < self.max_concurrency:
            raise ValueError(f"reserved_concurrency of at least max_concurrency ({self.max_concurrency})")
        return self


class Alarms(Section):
    """Who is notified of alarms, and their thresholds.

    `notify` is an e-mail address, or the ARN of a topic in the environment's region. `report_goal_s` is the
    time from acceptance within which 95 % of the reports should end. Without `monthly_budget_usd` there is no
    budget.
    """

    notify: Notify | None = None
    p95_latency_ms: Annotated[int, Field(ge=100, le=30_000)]
    error_percent: Annotated[float, Field(gt=0, le=100)]
    report_goal_s: Annotated[int, Field(ge=1, le=3600)] = 10
    monthly_budget_usd: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None

    @property
    def notified_topic(self) -> str | None:
        """The ARN of the topic that `notify` names, if it names one."""
        return self.notify if self.notify is not None and self.notify.startswith("arn:") else None

    @property
    def notified_address(self) -> str | None:
        """The e-mail address that `notify` names, if it names one."""
        return self.notify if self.notified_topic is None else None


class Listing(Section):
    """What every report is made with: the languages of its texts, beside the one that its client prefers."""

    languages: Annotated[tuple[Literal["en", "fr"], ...], Field(min_length=1, strict=False)]

    @field_validator("languages")
    @classmethod
    def _distinct(cls, languages: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(languages)) < len(languages):
            raise ValueError("each language once")
        return languages


class Rate(Section):
    """Requests per second over all users, and how many may arrive at once."""

    per_second: Annotated[float, Field(gt=0, le=10_000)]
    burst: Annotated[int, Field(ge=1, le=5_000)]


class Throttle(Section):
    """The gateway's limits: for analyses, uploads and rewordings, other report routes, webhooks and logs.

    A drain never sends again, so a batch of logs over its limit is lost; six a second are usual. Many more
    could take all concurrent executions of a new account's functions, 10, and the authorizer's with them.
    """

    analyze: Rate
    reports: Rate
    hooks: Rate
    logs: Rate = Rate(per_second=10, burst=20)


class Studio(Section):
    """SageMaker Studio, for packaging and trying models; `network` is how its apps reach the internet."""

    user_name: ResourceName
    network: Literal["internet", "vpc"]
    idle_shutdown_minutes: Annotated[int, Field(ge=60, le=525_600)]
