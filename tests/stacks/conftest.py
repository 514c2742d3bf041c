"""Every environment, and one with all that is optional, synthesized once."""

import json
import tomllib
from collections.abc import Iterator
from datetime import time
from pathlib import Path
from typing import Any

import pytest

from settings.environment import FOLDER, Environment, load_environment
from stacks.synthesis import synthesize

NAMES = ["dev", "local", "prod"]
OPTIONAL = {
    "domain": {"name": "api.shop.example", "hosted_zone_id": "Z123", "hosted_zone_name": "shop.example"},
    "cors_origins": [],
    "egress": "nat",
    "zones": ["ca-central-1a", "ca-central-1b", "ca-central-1d"],
    "studio": {"user_name": "modeller", "network": "vpc", "idle_shutdown_minutes": 90},
    "image_digest": f"sha256:{'a' * 64}",
    "consumers": {"max_concurrency": 10, "reserved_concurrency": 12},
    "fallback_llm": {"llm": "gpt-6-luna", "usd_per_mtok_input": 0.1, "usd_per_mtok_output": 0.5},
}


class Assembly:
    """A synthesized environment: its settings, its folder and its templates as dictionaries."""

    def __init__(self, settings: Environment, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        self.templates = synthesize(settings, folder)

    @property
    def stacks(self) -> set[str]:
        """The stacks that the environment has, as in "gateway"."""
        prefix = f"vitrine-{self.settings.name}-"
        return {file.name.removeprefix(prefix).removesuffix(".template.json") for file in self.templates}

    def template(self, stack: str) -> dict[str, Any]:
        """Return the template of a stack, as in "gateway"."""
        file = self.folder / f"vitrine-{self.settings.name}-{stack}.template.json"
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


def with_everything() -> Environment:
    values = tomllib.loads((FOLDER / "prod.toml").read_text())
    values["supabase"]["legacy_secret_name"] = "shop/supabase-jwt"
    values["supabase"]["issuer"] = "https://auth.shop.example/auth/v1"
    values["model"] |= {"mode": "async", "min_instances": 0, "network_isolation": True}
    values["llm"]["job_tier"] = "flex"
    values["model"]["inference_ami_version"] = "al2023-ami-sagemaker-inference-gpu-4-1"
    values["model"]["schedule"] = {
        "days": ["MON", "FRI"],
        "start": time(8),
        "stop": time(18),
        "time_zone": "America/Toronto",
    }
    values["model"]["artifact"] = f"models/{'b' * 64}/blip2-endpoint.tar.gz"
    return Environment.model_validate({"name": "shop", **values, **OPTIONAL})


@pytest.fixture(scope="session")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Assembly]:
    settings = [*(load_environment(name) for name in NAMES), with_everything()]
    folder = tmp_path_factory.mktemp("cdk")
    return {one.name: Assembly(one, folder / one.name) for one in settings}


@pytest.fixture(scope="session")
def prod(assemblies: dict[str, Assembly]) -> Assembly:
    return assemblies["prod"]


@pytest.fixture(scope="session")
def shop(assemblies: dict[str, Assembly]) -> Assembly:
    """The environment with all that is optional: a domain, an issuer, a legacy secret, NAT, a third zone, an
    image by its digest, Studio, an artifact of its own behind an async endpoint that sleeps by a schedule, a
    bridge, reserved concurrency; and no web origins.
    """
    return assemblies["shop"]


@pytest.fixture(params=["dev", "prod", "shop"])
def aws(request: pytest.FixtureRequest, assemblies: dict[str, Assembly]) -> Assembly:
    """Each environment that goes into an AWS account, in turn."""
    return assemblies[request.param]


@pytest.fixture(params=[*NAMES, "shop"])
def assembly(request: pytest.FixtureRequest, assemblies: dict[str, Assembly]) -> Assembly:
    """Each environment in turn."""
    return assemblies[request.param]
