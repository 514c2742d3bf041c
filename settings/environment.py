"""One environment: `environments/<name>.toml`, read into types."""

import difflib
import tomllib
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator, model_validator

from settings import schema
from settings.delivery import LOOKUP_SUFFIX, Delivery
from settings.errors import SettingsError as SettingsError
from settings.errors import explain
from settings.field_types import Origin, Region, Section, Zone, matching
from settings.model import Catalogue, Model
from settings.naming import DEFAULT_QUALIFIER

FOLDER = Path(__file__).resolve().parent.parent / "environments"
NOTICE = timedelta(days=60)
# Regions in which CloudFormation has no AWS::Budgets::Budget.
WITHOUT_BUDGETS = (
    *("af-south-1", "ap-east-1", "ap-east-2", "ap-northeast-3", "ap-south-2", "ap-southeast-3"),
    *("ap-southeast-4", "ap-southeast-5", "ap-southeast-6", "ap-southeast-7", "ca-west-1", "eu-central-2"),
    *("eu-north-1", "eu-south-1", "eu-south-2", "il-central-1", "me-central-1", "mx-central-1"),
    *("us-gov-east-1", "us-gov-west-1"),
)

LogDays = Literal[1, 7, 14, 30, 90, 365]


class Environment(Section):
    """Every setting of an environment. `name` is the file's stem; stacks, resources and tags carry it."""

    name: Annotated[
        str,
        matching(
            r"[a-z][a-z0-9-]{0,19}",
            "a file's name of at most 20 lower-case letters, digits and hyphens, such as staging.toml",
        ),
    ]
    target: Literal["aws", "emulator"] = "aws"
    region: Region = "ca-central-1"
    zones: Annotated[tuple[Zone, ...], Field(min_length=2, max_length=3, strict=False)] = (
        "ca-central-1a",
        "ca-central-1b",
    )
    bootstrap: schema.Bootstrap | None = None
    delivery: Delivery | None = None
    domain: schema.Domain | None = None
    keep_data: bool
    retention_days: Annotated[int, Field(ge=1, le=3650)]
    log_retention_days: LogDays
    log_user_key: (
        Annotated[str, matching(r"[0-9a-f]{64}", "64 hexadecimal digits: openssl rand -hex 32")] | None
    ) = None
    image_digest: (
        Annotated[
            str, matching(r"sha256:[0-9a-f]{64}", "the digest that a push prints: sha256: and 64 hex digits")
        ]
        | None
    ) = None
    egress: Literal["public", "nat"]
    time_budget_s: Annotated[int, Field(ge=10, le=25)]
    quota_per_day: Annotated[int, Field(ge=1, le=1_000_000)]
    cors_origins: Annotated[tuple[Origin, ...], Field(strict=False)] = ()
    upstream_url: Origin | None = None
    reuse_answers: bool = False
    service: schema.ServiceSize
    model: Model
    catalogue: Catalogue
    listing: schema.Listing | None = None
    supabase: schema.Supabase
    llm: schema.Llm
    webhook: schema.Webhook | None = None
    hooks: schema.Hooks | None = None
    consumers: schema.Consumers
    alarms: schema.Alarms
    throttle: schema.Throttle
    web: schema.Web | None = None
    studio: schema.Studio | None = None
    fallback_llm: schema.FallbackLlmSettings | None = None
    posthog: schema.PostHog | None = None

    @field_validator("zones")
    @classmethod
    def _distinct(cls, zones: tuple[str, ...]) -> tuple[str, ...]:
        if len(set(zones)) != len(zones):
            raise ValueError("distinct zones")
        return zones

    @model_validator(mode="after")
    def _fits_together(self) -> "Environment":
        foreign = [zone for zone in self.zones if zone[:-1] != self.region]
        if foreign:
            raise ValueError(f"zones of the region {self.region}, such as {self.region}a; not {foreign[0]}")
        if self.studio is not None and self.studio.network == "vpc" and self.egress != "nat":
            raise ValueError(
                'egress = "nat" for studio.network "vpc": without a NAT gateway its apps cannot reach AWS; '
                'or studio.network = "internet"'
            )
        if self.studio is not None and self.target == "emulator":
            raise ValueError("no [studio]: the emulator has no SageMaker")
        if self.web is not None and self.target == "emulator":
            raise ValueError("no [web]: the local system serves the page itself, without CloudFront")
        if self.bootstrap is not None and self.target == "emulator":
            raise ValueError("no [bootstrap]: each start of the local system bootstraps its emulator")
        if self.delivery is not None and self.target == "emulator":
            raise ValueError("no [delivery]: the emulator has no OIDC provider, and GitHub does not reach it")
        if self.delivery is not None and self.name.endswith(LOOKUP_SUFFIX):
            raise ValueError(
                f"a name that does not end with {LOOKUP_SUFFIX} beside [delivery]: GitHub's environment of "
                f"that name is the one in which nothing is changed; not {self.name}"
            )
        if self.target == "emulator" and self.upstream_url is None:
            raise ValueError("an upstream_url: on one machine the gateway forwards to the service's port")
        topic = self.alarms.notified_topic
        if topic is not None and topic.split(":")[3] != self.region:
            raise ValueError(
                f"alarms.notify with a topic of the region {self.region}, because alarms reach no other "
                f"region; not {topic}"
            )
        if self.target == "aws":
            # On one machine, MODEL names the model that is served.
            if self.model.artifact == "demo" and self.catalogue.goods != "drawn":
                raise ValueError(
                    'catalogue.goods = "drawn" beside model.artifact "demo", which knows only those ten '
                    f'kinds; for "{self.catalogue.goods}", release the archive of a model for them'
                )
            if self.upstream_url is not None:
                raise ValueError(
                    "no upstream_url: in AWS the gateway forwards to the stack that runs the service"
                )
            for key, url in self._addresses():
                if not url.startswith("https://"):
                    raise ValueError(f"https in {key}, because requests carry keys and tokens; not {url}")
        return self

    @property
    def qualifier(self) -> str:
        """The CDK's qualifier, which the names of the bootstrap's roles, bucket and repository carry."""
        return self.bootstrap.qualifier if self.bootstrap is not None else DEFAULT_QUALIFIER

    def notices(self, today: date) -> list[str]:
        """Return the warnings to read before a deployment, one sentence each."""
        ending = shutdown_notice("llm", self.llm.model, self.llm.shutdown_date, today)
        found = [ending] if ending is not None else []
        if self.model.artifact != "demo" and self.model.catalogue_version is None:
            found.append(
                "model.catalogue_version is not set, so nothing holds that the archive and the services have "
                "the same catalogue: `make release` sets it"
            )
        for key, url in self._addresses():
            if (urlsplit(url).hostname or "").endswith(".invalid"):
                found.append(f"{key} is still the placeholder {url}: set your own before you deploy")
        if self.target == "aws":
            found += self._unheard()
        return found

    @property
    def upload_origins(self) -> tuple[str, ...]:
        """The web origins whose pages may upload photos directly to the bucket."""
        return (*self.cors_origins, *([self.web.origin] if self.web is not None else []))

    @property
    def user_hash_key(self) -> str:
        """The key by which log lines hash the ids of users; its default differs between environments."""
        return self.log_user_key or f"{self.name} {self.supabase.url}"

    def has_budget(self) -> bool:
        """Whether the environment declares a budget: the settings have one, and the region has Budgets."""
        return self.alarms.monthly_budget_usd is not None and self.region not in WITHOUT_BUDGETS

    def has_edge_logs(self) -> bool:
        """Whether the API takes Supabase's Edge logs."""
        return self.hooks is not None and self.hooks.logs_secret_name is not None

    def _unheard(self) -> Iterator[str]:
        if self.alarms.notify is None:
            yield (
                "alarms.notify is not set, so alarms show in the console only: set an e-mail address or the "
                "ARN of a topic"
            )
        if self.alarms.monthly_budget_usd is not None and not self.has_budget():
            yield (
                "alarms.monthly_budget_usd makes no budget, because CloudFormation has none in "
                f"{self.region}: create it in the console (docs/operations.md#monthly-budget)"
            )

    def secret_names(self) -> list[str]:
        """Return the names of the secrets that must exist before the environment works, each once."""
        names = [
            self.llm.secret_name,
            self.supabase.legacy_secret_name,
            self.webhook.secret_name if self.webhook is not None else None,
            self.hooks.secret_name if self.hooks is not None else None,
            self.hooks.logs_secret_name if self.hooks is not None else None,
        ]
        return list(dict.fromkeys(name for name in names if name is not None))

    def _addresses(self) -> list[tuple[str, str]]:
        urls = {
            "webhook.url": self.webhook.url if self.webhook is not None else None,
            "supabase.url": self.supabase.url,
            "supabase.issuer": self.supabase.issuer,
            "llm.base_url": self.llm.base_url,
            "posthog.host": self.posthog.host if self.posthog is not None else None,
        }
        return [(key, url) for key, url in urls.items() if url is not None]


def shutdown_notice(section: str, model: str, ends: date | None, today: date) -> str | None:
    """Return a warning if the LLM of a section, as in llm, has ended or ends within 60 days; else None."""
    if ends is None or ends - today > NOTICE:
        return None
    verb = "has shut down on" if ends < today else "shuts down on"
    return (
        f"{section}.model {model} {verb} {ends}: choose another model, and change all that [{section}] "
        "says of it"
    )


def environment_names(folder: Path = FOLDER) -> list[str]:
    """Return the names that `-c env=` accepts, sorted."""
    return sorted(file.stem for file in folder.glob("*.toml"))


def load_environment(name_or_path: str | Path | None) -> Environment:
    """Read an environment by its name in `environments/`, or by the path of a .toml file.

    Raises SettingsError, which names file, key, value and the allowed values, or lists the environments.
    """
    file = _find(name_or_path)
    try:
        values: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{file}: cannot be read: {error}") from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"{file}: is not TOML: {error}") from error
    if "name" in values:
        raise SettingsError(f"{file}: name: is not a key; an environment's name is its file's, {file.stem}")
    try:
        return Environment.model_validate({"name": file.stem, **values})
    except ValidationError as error:
        raise SettingsError(explain(error, Environment, str(file))) from error


def _find(name_or_path: str | Path | None) -> Path:
    names = environment_names()
    choices = f"choose one of {', '.join(names)}, or the path of a .toml file"
    if not name_or_path:
        raise SettingsError(f"no environment: pass -c env=NAME; {choices}")
    given = str(name_or_path)
    if given.endswith(".toml"):
        if Path(given).is_file():
            return Path(given)
        raise SettingsError(f"environment {given}: there is no such file; {choices}")
    if given in names:
        return FOLDER / f"{given}.toml"
    near = difflib.get_close_matches(given, names, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    raise SettingsError(f"environment {given!r} is not known; {choices}{hint}")
