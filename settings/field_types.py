"""The types of the settings' values, and the base class of their sections."""

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field


def _url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ValueError("an http(s) URL without query and fragment, such as https://example.com")
    return value.rstrip("/")


def _origin(value: str) -> str:
    if not re.fullmatch(r"https?://([A-Za-z0-9._-]+|\[[0-9A-Fa-f:]+\])(:\d{1,5})?", value):
        raise ValueError("an origin, http(s)://host[:port] without a path, such as https://shop.example.com")
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
    """A part of the settings: frozen, strict about types, and unknown keys are errors."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)
