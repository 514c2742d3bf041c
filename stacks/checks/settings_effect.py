"""Every setting has an effect: a change of it changes a template, a service's variables or a warning."""

import ast
import tempfile
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from functools import cache
from pathlib import Path
from types import NoneType
from typing import Any, Literal, NamedTuple, get_args, get_origin

from pydantic import BaseModel, ValidationError

from settings import service_env
from settings.environment import FOLDER, Environment
from stacks.synthesis import ROOT, synthesize

# What prod.toml leaves out or has as a placeholder, by dotted key.
OPTIONAL: Mapping[str, Any] = {
    "cors_origins": (),
    "egress": "nat",
    "zones": ("ca-central-1a", "ca-central-1b", "ca-central-1d"),
    "image_digest": f"sha256:{'a' * 64}",
    "domain": {"name": "api.shop.example", "hosted_zone_id": "Z123", "hosted_zone_name": "shop.example"},
    "studio": {"user_name": "modeller", "network": "vpc", "idle_shutdown_minutes": 90},
    "model.artifact": f"models/{'b' * 64}/blip2-endpoint.tar.gz",
    "model.network_isolation": True,
    "model.inference_ami_version": "al2023-ami-sagemaker-inference-gpu-4-1",
    "model.schedule": {
        "days": ("MON", "FRI"),
        "start": time(8),
        "stop": time(18),
        "time_zone": "America/Toronto",
    },
    "supabase.url": "https://project.shop.example",
    "supabase.issuer": "https://auth.shop.example/auth/v1",
    "supabase.legacy_secret_name": "shop/supabase-jwt",
    "webhook.url": "https://project.shop.example/report-ready",
    "llm.job_tier": "flex",
    "fallback_llm": {"model": "gpt-6-luna", "usd_per_mtok_input": 0.1, "usd_per_mtok_output": 0.5},
    "consumers": {"max_concurrency": 10, "reserved_concurrency": 12},
}


class Change(NamedTuple):
    """A value for a key, and the settings to change before or together with it, so that it is valid."""

    value: Any
    before: Mapping[str, Any] = {}
    together: Mapping[str, Any] = {}


# The changes that `_other_values` cannot make from the present value.
CHANGES: Mapping[str, Change] = {
    "target": Change("emulator", {"studio": None}, {"upstream_url": "http://127.0.0.1:8080"}),
    "upstream_url": Change(
        "http://127.0.0.1:8081",
        {"target": "emulator", "studio": None, "upstream_url": "http://127.0.0.1:8080"},
    ),
    "region": Change("us-east-1", {}, {"zones": ("us-east-1a", "us-east-1b", "us-east-1c")}),
    "zones": Change(("ca-central-1a", "ca-central-1b")),
    "egress": Change("public", {"studio.network": "internet"}),
    "cors_origins": Change(("https://shop.example",)),
    "image_digest": Change(f"sha256:{'b' * 64}"),
    "model.artifact": Change(f"models/{'c' * 64}/blip2-endpoint.tar.gz"),
    "model.image_uri": Change("111122223333.dkr.ecr.ca-central-1.amazonaws.com/shop/blip2:1"),
    "model.instance_type": Change("ml.g5.xlarge"),
    "model.min_instances": Change(1, {"model.schedule": None}),
    "model.mode": Change("realtime", {"model.schedule": None, "model.min_instances": 1}),
    "model.schedule.days": Change(("TUE",)),
    "model.schedule.time_zone": Change("Europe/Paris"),
    "llm.base_url": Change("https://llm.shop.example/v1"),
    "llm.shutdown_date": Change(date.today()),
}
# Keys that only a command reads, and the module with the command's access to them.
READ_BY_COMMANDS: Mapping[str, str] = {"domain.hosted_zone_name": "ops/doctor/references.py"}


def full_environment() -> Environment:
    """Return prod's settings with every optional section, as the environment "shop"."""
    values = tomllib.loads((FOLDER / "prod.toml").read_text("utf-8"))
    return _with({"name": "shop", **values}, OPTIONAL)


def keys(model: type[BaseModel] = Environment, prefix: str = "") -> Iterator[str]:
    """Yield every key that an environment file can have, dotted, as in llm.model."""
    for name, field in model.model_fields.items():
        section = _section(field.annotation)
        if section is not None:
            yield from keys(section, f"{prefix}{name}.")
        elif (model, name) != (Environment, "name"):
            yield f"{prefix}{name}"


def dead_settings() -> list[str]:
    """Return a message for each key whose change has no effect."""
    return [
        f"{key}: a change of it changes no template, variable or warning; no command reads it"
        for key in keys()
        if not has_effect(key)
    ]


def has_effect(key: str) -> bool:
    """Return whether a change of `key` changes a variable, a warning or a template, or a command reads it.

    Raises LookupError if no other valid value is known: add one to CHANGES.
    """
    if key in READ_BY_COMMANDS:
        return _reads(ROOT / READ_BY_COMMANDS[key], key.rpartition(".")[2])
    change = CHANGES.get(key)
    before = _with(full_environment().model_dump(), change.before if change else {})
    after = _changed(before, key, change)
    return _variables(before) != _variables(after) or _templates(before) != _templates(after)


def _changed(before: Environment, key: str, change: Change | None) -> Environment:
    for value in [change.value] if change else _other_values(key, before):
        try:
            return _with(before.model_dump(), {key: value} | dict(change.together if change else {}))
        except ValidationError:
            continue
    raise LookupError(f"{key}: no other valid value is known: add one to CHANGES in {Path(__file__).name}")


def _other_values(key: str, settings: Environment) -> Iterator[Any]:
    model: Any = settings
    *sections, name = key.split(".")
    for section in sections:
        model = getattr(model, section)
    value, annotation = getattr(model, name), type(model).model_fields[name].annotation
    yield from (option for option in _options(annotation) if option != value)
    if isinstance(value, bool):
        yield not value
    elif isinstance(value, int | float):
        yield from (value + 1, value * 2, value - 1)
    elif isinstance(value, str):
        yield from (f"{value}1", f"x{value}", f"{value}x")
    elif isinstance(value, time):
        yield (datetime.combine(date.min, value) + timedelta(hours=1)).time()


def _reads(module: Path, name: str) -> bool:
    tree = ast.parse(module.read_text("utf-8")) if module.is_file() else ast.Module([], [])
    return any(isinstance(node, ast.Attribute) and node.attr == name for node in ast.walk(tree))


def _options(annotation: Any) -> tuple[Any, ...]:
    if get_origin(annotation) is Literal:
        return get_args(annotation)
    inner = [option for part in get_args(annotation) for option in _options(part)]
    return (*inner, None) if NoneType in get_args(annotation) else tuple(inner)


def _section(annotation: Any) -> type[BaseModel] | None:
    for option in (annotation, *get_args(annotation)):
        if isinstance(option, type) and issubclass(option, BaseModel):
            return option
    return None


def _with(values: dict[str, Any], changes: Mapping[str, Any]) -> Environment:
    for key, value in changes.items():
        *sections, name = key.split(".")
        target = values
        for section in sections:
            target = target[section]
        target[name] = value
    return Environment.model_validate(values)


def _variables(settings: Environment) -> object:
    resources: service_env.ReportResources = {
        "reports_table": "reports",
        "image_bucket": "images",
        "image_key_id": "key",
        "jobs_queue_url": "jobs",
        "exchange_bucket": "exchange",
        "exchange_key_id": "key",
    }
    return (
        service_env.analyze_variables(settings, **resources),
        service_env.jobs_variables(settings, jobs_dead_letters_url="dead", **resources),
        settings.notices(date.today()),
    )


@cache
def _templates(settings: Environment) -> dict[str, str]:
    with tempfile.TemporaryDirectory() as folder:
        return {file.name: file.read_text("utf-8") for file in synthesize(settings, Path(folder) / "cdk.out")}
