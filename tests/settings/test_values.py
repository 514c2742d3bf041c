"""Values of settings: secrets and addresses in the wrong place, and messages without regular expressions."""

import base64
import json
import tomllib
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, ValidationError

from settings.environment import FOLDER, Environment
from settings.errors import explain
from tests.stacks.assemblies import full_environment

PROD = tomllib.loads((FOLDER / "prod.toml").read_text())
OTHERS = {
    "domain": {"name": "api.shop.example", "hosted_zone_id": "Z123", "hosted_zone_name": "shop.example"},
    "studio": {"user_name": "modeller", "network": "internet", "idle_shutdown_minutes": 90},
    "fallback_llm": {"model": "m", "usd_per_mtok_input": 0.1, "usd_per_mtok_output": 0.5},
}


def refused(key: str, value: Any) -> str:
    """Return the message for prod.toml with `key`, dotted, changed."""
    settings = json.loads(json.dumps({**PROD, **OTHERS}))
    *sections, name = key.split(".")
    target = settings
    for section in sections:
        target = target[section]
    target[name] = value
    with pytest.raises(ValidationError) as caught:
        Environment.model_validate({"name": "shop", **settings})
    return explain(caught.value, Environment, "shop.toml")


def jwt_of(role: str) -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, {"iss": "supabase", "ref": "abc", "role": role})
    encoded = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts]
    return ".".join([*encoded, "c2lnbmF0dXJlLXRoYXQtaXMtbm90LXJlYWw"])


# Examples in the form of each provider; none is a key.
SECRETS = [
    "sb_secret_N7UND0UgjKTVK-Uodkm0Hg_xSvEMPvz",
    jwt_of("service_role"),
    jwt_of("authenticated"),
    "sk-proj-abcdefghijklmnopqrstuvwx",
    "sk-ant-api03-abcdefghijklmnop",
    "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "v1,whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
    "AKIAIOSFODNN7EXAMPLE",
    "ASIAIOSFODNN7EXAMPLE",
    "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    "-----BEGIN " + "PRIVATE KEY-----",
    "ghp_abcdefghijklmnopqrstuvwxyz0123456789",
    "gho_abcdefghijklmnopqrstuvwxyz0123456789",
    "glpat-abcdefghijklmnopqrst",
    "AIzaSyA-1234567890abcdefghijklmnopqrstuv",
    "'sk-proj-abcdefghijklmnopqrstuvwx'",
    "Bearer " + jwt_of("service_role"),
    "Zm9vYmFyYmF6cXV4Zm9vYmFyYmF6cXV4MTIzNDU2Nzg5MEFCQ0RFRkdISUpLTE1OT1BRUlNUVVZXWFla==",
]
TEXTS = [
    "supabase.publishable_key",
    "supabase.legacy_secret_name",
    "llm.secret_name",
    "llm.model",
    "webhook.secret_name",
    "hooks.secret_name",
    "model.endpoint_name",
    "fallback_llm.model",
]


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize("key", TEXTS)
def test_secret_is_refused_unseen(key: str, secret: str) -> None:
    message = refused(key, secret)
    assert f"{key}: allowed: no secret: this is " in message
    assert secret[4:20] not in message


def test_secret_in_a_list_is_refused() -> None:
    assert "sb_secret" not in (message := refused("cors_origins", ["sb_secret_abcdefghijk"]))
    assert "this is a secret key of Supabase" in message


@pytest.mark.parametrize("key", ["sb_publishable_abc-DEF_123", jwt_of("anon")])
def test_publishable_keys_are_accepted(key: str) -> None:
    supabase = {**PROD["supabase"], "publishable_key": key}
    Environment.model_validate({"name": "shop", **PROD, "supabase": supabase})


@pytest.mark.parametrize("name", ["vitrine/prod/openai", "OpenAI-Key.2026", "shop_supabase_jwt", "a" * 60])
def test_names_of_secrets_are_accepted(name: str) -> None:
    Environment.model_validate({"name": "shop", **PROD, "hooks": {"secret_name": name}})


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("supabase.url", "https://abc.supabase.co/auth/v1", "/auth/v1 belongs to the issuer"),
        ("supabase.url", "https://abc.supabase.co/rest/v1/", "without a path"),
        ("supabase.url", "https://supabase.com/dashboard/project/abc", "without a path"),
        ("supabase.url", "abc.supabase.co", "an http(s) URL"),
        ("supabase.url", "postgresql://postgres@db.abc.supabase.co:5432/postgres", "without credentials"),
        ("supabase.issuer", "https://abc.supabase.co", "https://abc.supabase.co/auth/v1"),
        ("supabase.issuer", "https://a.example/auth/v1/.well-known/jwks.json", "not the URL of its keys"),
        ("supabase.publishable_key", "my-key", "begins with sb_publishable_"),
        ("supabase.roles", [], "at least 1 item"),
        ("supabase.roles", ["service_role"], "roles of API keys"),
        ("supabase.roles", ["anon"], "roles of API keys"),
        ("supabase.roles", ["Authenticated"], "in lower case"),
        ("supabase.allow_anonymous", "yes", "a valid boolean"),
        ("webhook.url", "https://hook.example/a?x=1", "without a query"),
        ("webhook.url", "https://hook.example/a#b", "fragment"),
        ("webhook.url", "https://hook.example:99999/a", "an http(s) URL"),
        ("webhook.url", "https://hook.example/a\nb", "an http(s) URL"),
        ("webhook.url", "ftp://hook.example/a", "an http(s) URL"),
        (
            "webhook.secret_name",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:a",
            "the name of a sec",
        ),
        ("llm.base_url", "https://llm.example/v1/chat/completions", "base URL"),
        ("domain.name", "https://api.shop.example", "without scheme"),
        ("domain.name", "API.shop.example", "in lower case"),
        ("domain.hosted_zone_name", "shop.example.", "final dot"),
        ("domain.hosted_zone_id", "/hostedzone/Z123", "begins with Z"),
        ("cors_origins", ["*"], "without a path"),
        ("cors_origins", ["https://shop.example/"], "without a path"),
        ("cors_origins", ["https://shop.example/app"], "without a path"),
        ("cors_origins", ["https://*.shop.example"], "without a path"),
        ("cors_origins", ["https://Shop.example"], "in lower case, as browsers send it"),
        ("cors_origins", ["https://shop.example:443"], "which browsers leave out"),
        ("cors_origins", ["https://shop.example:99999"], "an origin"),
        ("cors_origins", ["null"], "an origin"),
        ("region", "ca-centrall-1", "did you mean ca-central-1?"),
        ("region", "us-east1", "did you mean us-east-1?"),
        ("region", "aws-global", "a region of AWS"),
        ("zones", ["ca-central-1", "ca-central-1b"], "such as ca-central-1a"),
        ("zones", ["ca-central-1a", "us-east-1b"], "zones of the region ca-central-1"),
        ("model.image_uri", "https://repo.example/blip2:1", "without https://"),
    ],
)
def test_wrong_address_is_explained(key: str, value: Any, words: str) -> None:
    message = refused(key, value)
    assert words in message
    assert key in message or key == "zones"


def test_canary_name_fits_sagemaker() -> None:
    longest = "a" * 56
    model = Environment.model_validate(
        {"name": "shop", **PROD, "model": PROD["model"] | {"endpoint_name": longest}}
    ).model
    assert len(model.canary_name) == 63
    assert "at most 56 letters, digits" in refused("model.endpoint_name", f"{longest}a")


@pytest.mark.parametrize(
    "url", ["https://user:pass-word@hook.example/a", "https://hook.example/a?token=pass-word"]
)
@pytest.mark.parametrize("key", ["webhook.url", "llm.base_url", "supabase.url", "supabase.issuer"])
def test_credentials_in_a_url_stay_unseen(key: str, url: str) -> None:
    assert "pass-word" not in (message := refused(key, url))
    assert "without credentials and without a query" in message


def texts(model: BaseModel, prefix: str = "") -> Iterator[tuple[str, bool]]:
    """Yield every key that holds text or a list of texts, and whether it is a list."""
    for name in type(model).model_fields:
        value = getattr(model, name)
        if isinstance(value, BaseModel):
            yield from texts(value, f"{prefix}{name}.")
        elif isinstance(value, str):
            yield f"{prefix}{name}", False
        elif isinstance(value, tuple):
            yield f"{prefix}{name}", True


KEYS = sorted(texts(full_environment()))


@pytest.mark.parametrize(("key", "listed"), KEYS)
@pytest.mark.parametrize("value", ["", " ", "é", "a b", "x\n", "UPPER?", "~" * 600])
def test_messages_hold_no_regular_expression(key: str, listed: bool, value: str) -> None:
    settings = full_environment().model_dump(mode="json")
    *sections, name = key.split(".")
    target = settings
    for section in sections:
        target = target[section]
    target[name] = [value] if listed else value
    try:
        Environment.model_validate_json(json.dumps(settings))
    except ValidationError as error:
        for line in explain(error, Environment, "shop.toml").splitlines():
            allowed = line.rpartition("allowed: ")[2]
            assert allowed
            assert not set(allowed) & set("\\^$[]{}|"), allowed
            assert "pattern" not in allowed


def test_all_texts_are_checked() -> None:
    assert {"supabase.roles", "model.schedule.time_zone", "domain.name", "region"} <= {key for key, _ in KEYS}
