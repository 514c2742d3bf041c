"""Synthesized environments. Each set of settings is synthesized once in a session."""

import atexit
import json
import shutil
import tempfile
import tomllib
from collections.abc import Callable, Iterator, Mapping
from datetime import time
from functools import cache
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from catalogue import load
from settings.environment import FOLDER, Environment, load_environment
from settings.naming import stack_name
from stacks.app import synthesize

_FOLDER = Path(tempfile.mkdtemp(prefix="vitrine-assemblies-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)

# What prod.toml leaves out or has as a placeholder, by dotted key.
OPTIONAL: Mapping[str, Any] = {
    "cors_origins": (),
    "egress": "nat",
    "zones": ("ca-central-1a", "ca-central-1b", "ca-central-1d"),
    "log_user_key": "c" * 64,
    "image_digest": f"sha256:{'a' * 64}",
    "bootstrap": {"qualifier": "shop", "execution_policies": ("arn:aws:iam::aws:policy/PowerUserAccess",)},
    "delivery": {
        "repository": "shop/vitrine",
        "repository_id": 5678,
        "subject_prefix": "repo:shop@1234/vitrine@5678",
    },
    "domain": {"name": "api.shop.example", "hosted_zone_id": "Z123", "hosted_zone_name": "shop.example"},
    "web": {
        "domain_name": "app.shop.example",
        "certificate_arn": f"arn:aws:acm:us-east-1:{'1' * 12}:certificate/{'1' * 36}",
        "hosted_zone_id": "Z123",
    },
    "studio": {"user_name": "modeller", "network": "vpc", "idle_shutdown_minutes": 90},
    "model.instance_type": "ml.g4dn.xlarge",
    "model.artifact": f"models/{'b' * 64}/blip2-endpoint.tar.gz",
    "model.catalogue_version": load().version,
    "model.network_isolation": True,
    "model.inference_ami_version": "al2023-ami-sagemaker-inference-gpu-4-1",
    "model.schedule": {
        "days": ("MON", "FRI"),
        "start": time(8),
        "stop": time(18),
        "time_zone": "America/Toronto",
    },
    "catalogue": {"goods": "second_hand", "departments": ("shoes", "bags"), "wear_tiles": 4},
    "hooks.logs_secret_name": "shop/edge-logs",
    "listing": {"languages": ("en", "fr")},
    "supabase.url": "https://project.shop.example",
    "supabase.issuer": "https://auth.shop.example/auth/v1",
    "supabase.legacy_secret_name": "shop/supabase-jwt",
    "alarms.notify": "ops@shop.example",
    "webhook.url": "https://project.shop.example/report-ready",
    "llm.job_tier": "flex",
    "fallback_llm": {"model": "gpt-6-luna", "usd_per_mtok_input": 0.1, "usd_per_mtok_output": 0.5},
    "consumers": {"max_concurrency": 10, "reserved_concurrency": 12},
    "posthog": {"project_key": "phc_shop1", "project_id": 12345, "region": "us"},
}


class Assembly:
    """A synthesized environment: its settings, its folder and its templates as dictionaries.

    `rules` are checks that the synthesis applies; they change no template, and take longer than it.
    """

    def __init__(
        self, settings: Environment, folder: Path, rules: Callable[[cdk.App, str], None] | None = None
    ) -> None:
        self.settings = settings
        self.folder = folder
        self.templates = synthesize(settings, folder, rules=rules)

    @property
    def stacks(self) -> set[str]:
        """The stacks that the environment has, as in "gateway"."""
        prefix = stack_name(self.settings.name, "")
        return {file.name.removeprefix(prefix).removesuffix(".template.json") for file in self.templates}

    def template(self, stack: str) -> dict[str, Any]:
        """Return the template of a stack, as in "gateway"."""
        file = self.folder / f"{stack_name(self.settings.name, stack)}.template.json"
        template: dict[str, Any] = json.loads(file.read_text())
        return template

    def resources(self, stack: str, kind: str) -> dict[str, dict[str, Any]]:
        """Return a stack's resources of one type, as in "S3::Bucket", by logical id."""
        found = self.template(stack)["Resources"].items()
        return {name: resource for name, resource in found if resource["Type"] == f"AWS::{kind}"}

    def only(self, stack: str, kind: str) -> dict[str, Any]:
        """Return the properties of a stack's one resource of a type."""
        (resource,) = self.resources(stack, kind).values()
        properties: dict[str, Any] = resource["Properties"]
        return properties

    def every(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every resource of every stack, with its logical id."""
        for file in self.templates:
            yield from json.loads(file.read_text())["Resources"].items()


@cache
def assembled(settings: Environment) -> Assembly:
    """Return the assembly of these settings."""
    return Assembly(settings, Path(tempfile.mkdtemp(dir=_FOLDER)) / settings.name)


def changed(name: str, **changes: Any) -> Environment:
    """Return the settings of a committed environment with some keys changed, a section's by a mapping."""
    values = load_environment(name).model_dump()
    for key, value in changes.items():
        values[key] = {**(values[key] or {}), **value} if isinstance(value, Mapping) else value
    return Environment.model_validate(values)


def full_environment() -> Environment:
    """Return prod's settings with every optional section, as the environment "shop"."""
    values = tomllib.loads((FOLDER / "prod.toml").read_text("utf-8"))
    return replaced({"name": "shop", **values}, OPTIONAL)


def replaced(
    values: dict[str, Any], changes: Mapping[str, Any], model: type[Environment] = Environment
) -> Environment:
    """Return settings with some dotted keys changed, as in llm.model; changes `values`."""
    for key, value in changes.items():
        *sections, name = key.split(".")
        target = values
        for section in sections:
            target = target[section]
        target[name] = value
    return model.model_validate(values)
