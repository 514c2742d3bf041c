"""Recognises secrets that were put where a setting names one, or where a public value belongs."""

import base64
import binascii
import json
import re
from collections.abc import Iterator
from typing import Any

from pydantic_core import PydanticCustomError

# The type of the errors whose value no message repeats.
HIDDEN = "hidden_value"
_PREFIXES = (
    ("sb_secret_", "a secret key of Supabase"),
    ("sbp_", "an access token of Supabase"),
    ("sk-", "an API key of a language model"),
    ("sk_", "an API key"),
    ("whsec_", "a signing key of webhooks"),
    ("v1,whsec_", "a signing key of webhooks"),
    ("ghp_", "a token of GitHub"),
    ("gho_", "a token of GitHub"),
    ("ghs_", "a token of GitHub"),
    ("github_pat_", "a token of GitHub"),
    ("hf_", "a token of Hugging Face"),
    ("phx_", "a personal API key of PostHog"),
    ("glpat-", "a token of GitLab"),
    ("AIza", "an API key of Google"),
    ("xoxb-", "a token of Slack"),
    ("xoxp-", "a token of Slack"),
    ("-----BEGIN", "a private key or a certificate"),
)
# What may stand around a secret that was copied out of a header or a file.
_COPIED = re.compile(r"""\s*["']*(?:bearer\s+)?(.*?)["']*\s*""", re.IGNORECASE | re.DOTALL)
_AWS_KEY_ID = re.compile(r"(AKIA|ASIA)[A-Z0-9]{12,}")
_JWT = re.compile(r"eyJ[\w-]+\.([\w-]+)\.[\w-]*")
# AWS's secret access keys have 40 characters; Supabase's JWT secrets and other random keys have more.
_RANDOM = re.compile(r"[A-Za-z0-9+/]{40}|[A-Za-z0-9]{32,}|[A-Za-z0-9+/]{43,}={1,2}")
_MIXED = (re.compile("[a-z]"), re.compile("[A-Z]"), re.compile("[0-9]"))


def refuse_secrets(value: Any) -> Any:
    """Return `value`; raise a PydanticCustomError of the type HIDDEN if it, or text in it, is a secret."""
    for text in _texts(value):
        if (kind := secret_kind(text)) is not None:
            raise hidden(
                f"no secret: this is {kind}. Settings are committed and only name secrets: put it into "
                "Secrets Manager, take it out of this file, and replace it by a new one if it was pushed"
            )
        if "://" in text and ("@" in text.split("://", 1)[1].split("/")[0] or "?" in text):
            raise hidden(
                "a URL without credentials and without a query, which could hold a token; the services sign "
                "their requests by secrets that the settings name"
            )
    return value


def hidden(message: str) -> PydanticCustomError:
    """Return an error whose message does not repeat the value."""
    return PydanticCustomError(HIDDEN, "{message}", {"message": message})


def secret_kind(text: str) -> str | None:
    """Return what kind of secret a text is, in words; None for a text that is none."""
    if (copied := _COPIED.fullmatch(text)) is not None:
        text = copied.group(1)
    for prefix, kind in _PREFIXES:
        if text.startswith(prefix):
            return kind
    if _AWS_KEY_ID.fullmatch(text):
        return "an access key of AWS"
    if (token := _JWT.fullmatch(text)) is not None:
        role = _role(token.group(1))
        if role == "anon":  # the legacy publishable key
            return None
        return "the service_role key of Supabase" if role == "service_role" else "a token (JWT)"
    if _RANDOM.fullmatch(text) and all(letters.search(text) for letters in _MIXED):
        return "a random key"
    return None


def _role(payload: str) -> str | None:
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        return None
    role = claims.get("role") if isinstance(claims, dict) else None
    return role if isinstance(role, str) else None


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        yield from (text for text in value if isinstance(text, str))
