"""Fixtures: each environment's assembly."""

import pytest

from settings.environment import Environment, load_environment
from tests.stacks.assemblies import Assembly, assembled, full_environment

NAMES = ["dev", "local", "prod"]


@pytest.fixture(scope="session")
def environments() -> list[Environment]:
    """The committed environments, and production with every optional setting."""
    return [*(load_environment(name) for name in NAMES), full_environment()]


@pytest.fixture(scope="session")
def assemblies(environments: list[Environment]) -> dict[str, Assembly]:
    """Every environment's assembly by its name."""
    return {one.name: assembled(one) for one in environments}


@pytest.fixture(scope="session")
def prod(assemblies: dict[str, Assembly]) -> Assembly:
    """Production, as committed."""
    return assemblies["prod"]


@pytest.fixture(scope="session")
def shop(assemblies: dict[str, Assembly]) -> Assembly:
    """Production with every optional setting: see `full_environment`."""
    return assemblies["shop"]


@pytest.fixture(params=["dev", "prod", "shop"])
def aws(request: pytest.FixtureRequest, assemblies: dict[str, Assembly]) -> Assembly:
    """Each environment that is deployed to an AWS account, in turn."""
    return assemblies[request.param]


@pytest.fixture(params=[*NAMES, "shop"])
def assembly(request: pytest.FixtureRequest, assemblies: dict[str, Assembly]) -> Assembly:
    """Each environment in turn."""
    return assemblies[request.param]
