"""The types of the settings' values, and the base class of their sections."""

import difflib
import json
import re
from functools import cache
from importlib import resources
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

from settings.secret_values import refuse_secrets

_DEFAULT_PORTS = {"http": 80, "https": 443}
# Without a dot in the name: Budgets publishes to no FIFO topic.
TOPIC_ARN = r"arn:aws(-[a-z]+)*:sns:[a-z]{2}(-[a-z]+)+-\d:\d{12}:[A-Za-z0-9_-]{1,256}"


def matching(pattern: str, words: str) -> AfterValidator:
    """Return a validator of the whole text by a pattern; its message is `words`, not the pattern."""
    whole = re.compile(pattern)

    def check(value: str) -> str:
        if not whole.fullmatch(value):
            raise ValueError(words)
        return value

    return AfterValidator(check)


def _url(value: str) -> str:
    allowed = "an http(s) URL without credentials, query and fragment, such as https://example.com"
    try:
        parts = urlsplit(value)
        _ = parts.port  # raises for a port that there is not
    except ValueError:
        raise ValueError(allowed) from None
    wrong = parts.scheme not in ("http", "https") or not parts.hostname or parts.fragment
    if wrong or not value.isascii() or not value.isprintable() or " " in value:
        raise ValueError(allowed)
    return value.rstrip("/")


def _project_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.path:
        where = "; /auth/v1 belongs to the issuer" if parts.path.startswith("/auth/") else ""
        raise ValueError(f"the project's URL without a path, such as https://abc.supabase.co{where}")
    return value


def _issuer(value: str) -> str:
    parts = urlsplit(value)
    if ".well-known" in parts.path:
        raise ValueError("the issuer, such as https://auth.example.com/auth/v1, not the URL of its keys")
    if (parts.hostname or "").endswith(".supabase.co") and parts.path != "/auth/v1":
        raise ValueError("the `iss` of the project's tokens, such as https://abc.supabase.co/auth/v1")
    return value


def _base_url(value: str) -> str:
    if urlsplit(value).path.endswith(("/chat/completions", "/completions", "/responses", "/models")):
        raise ValueError(
            "the server's base URL, to which a path is added, such as https://llm.example.com/v1"
        )
    return value


def _origin(value: str) -> str:
    allowed = "an origin: http(s), host and perhaps port, without a path, such as https://shop.example.com"
    if not re.fullmatch(r"https?://([a-z0-9._-]+|\[[0-9a-f:]+\])(:\d{1,5})?", value):
        if re.fullmatch(r"https?://\S+[^/]", value.lower()) and value != value.lower():
            allowed += "; in lower case, as browsers send it"
        raise ValueError(allowed)
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError(allowed) from None
    if port is not None and port == _DEFAULT_PORTS[parts.scheme]:
        raise ValueError(f"an origin without :{port}, which browsers leave out")
    return value


def _artifact(value: str) -> str:
    if value != "demo" and not re.fullmatch(r"models/[0-9a-f]{64}/blip2-endpoint\.tar\.gz", value):
        raise ValueError("'demo' or models/<sha256 of the archive>/blip2-endpoint.tar.gz")
    return value


@cache
def _regions() -> tuple[str, ...]:
    # The regions that the AWS SDK knows; imports less than asking the SDK for them.
    file = resources.files("botocore") / "data" / "partitions.json"
    partitions = json.loads(file.read_text("utf-8"))["partitions"]
    names = (name for partition in partitions for name in partition["regions"])
    return tuple(name for name in names if not name.endswith("-global"))


def _region(value: str) -> str:
    if value not in _regions():
        near = difflib.get_close_matches(value, _regions(), n=1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"a region of AWS, such as ca-central-1{hint}")
    return value


def _role(value: str) -> str:
    if value in ("anon", "service_role"):
        raise ValueError("roles of signed-in users; anon and service_role are the roles of API keys")
    return value


Url = Annotated[str, AfterValidator(_url)]
ProjectUrl = Annotated[Url, AfterValidator(_project_url)]
IssuerUrl = Annotated[Url, AfterValidator(_issuer)]
BaseUrl = Annotated[Url, AfterValidator(_base_url)]
Origin = Annotated[str, AfterValidator(_origin)]
Artifact = Annotated[str, AfterValidator(_artifact)]
Region = Annotated[str, AfterValidator(_region)]
Zone = Annotated[
    str, matching(r"[a-z]{2}(-[a-z]+)+-\d[a-z]", "a zone, the region and one letter, such as ca-central-1a")
]
Name = Annotated[
    str,
    matching(
        r"[A-Za-z0-9/_+=.@-]{1,512}",
        "the name of a secret in Secrets Manager, of letters, digits and /_+=.@-, such as shop/prod/openai",
    ),
]
DomainName = Annotated[
    str,
    matching(
        r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,63}",
        "a domain name in lower case, without scheme, port, path and final dot, such as api.example.com",
    ),
]
HostedZoneId = Annotated[
    str, matching(r"Z[A-Z0-9]{2,31}", "the id of a hosted zone, which begins with Z, such as Z0123456789")
]
CertificateArn = Annotated[
    str,
    matching(
        r"arn:aws(-[a-z]+)*:acm:us-east-1:\d{12}:certificate/[0-9a-f-]{36}",
        "the ARN of a certificate of us-east-1, the only region from which CloudFront takes one",
    ),
]
ResourceName = Annotated[
    str,
    matching(
        r"(?=.{1,63}$)[A-Za-z0-9](-?[A-Za-z0-9])*",
        "at most 63 letters, digits and single hyphens between them, such as modeller",
    ),
]
# SageMaker takes 63 characters, of which the name of a release's canary needs seven.
EndpointName = Annotated[
    str,
    matching(
        r"(?=.{1,56}$)[A-Za-z0-9](-?[A-Za-z0-9])*",
        "at most 56 letters, digits and single hyphens between them, such as blip2-endpoint",
    ),
]
PolicyArn = Annotated[
    str,
    matching(
        r"arn:aws[a-z-]*:iam::(aws|\d{12}):policy/[\w+=,.@/-]{1,512}",
        "the ARN of a managed policy, such as arn:aws:iam::123456789012:policy/vitrine-dev-deployment",
    ),
]
Department = Annotated[
    str,
    matching(
        r"[a-z0-9]+(_[a-z0-9]+)*",
        "the id of a department in catalogue/<goods>/departments.toml, such as shoes",
    ),
]
Role = Annotated[
    str,
    matching(r"[a-z_][a-z0-9_]{0,62}", "a role of Postgres in lower case, such as authenticated"),
    AfterValidator(_role),
]
PublishableKey = Annotated[
    str,
    matching(
        r"sb_publishable_[\w-]+|eyJ[\w-]+\.[\w-]+\.[\w-]+",
        "the project's publishable key, which begins with sb_publishable_, or its legacy anon key",
    ),
]
Notify = Annotated[
    str,
    matching(
        rf"{TOPIC_ARN}|[A-Za-z0-9._%+-]+@([A-Za-z0-9-]+\.)+[A-Za-z]{{2,63}}",
        "an e-mail address, such as ops@shop.example, or the ARN of a standard SNS topic, such as "
        "arn:aws:sns:ca-central-1:123456789012:alarms",
    ),
]
Text = Annotated[str, matching(r"\S(.*\S)?", "a text that is not empty, without spaces around it")]
Usd = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class Section(BaseModel):
    """A part of the settings: frozen, strict about types, and unknown keys are errors.

    No text in it may be a secret; the message for one does not repeat it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    @field_validator("*", mode="before")
    @classmethod
    def _no_secrets(cls, value: Any) -> Any:
        return refuse_secrets(value)
