"""The services over moto's stores, as their own tests have them."""

import pytest

from tests.services.analyze.conftest import World, client, jpeg, world
from tests.services.conftest import _atomic_writes, _default_session, _models_parsed_once, aws, dynamodb
from tests.services.results.conftest import shop
from tests.services.results.test_notify import post

__all__ = [
    "_atomic_writes",
    "_default_session",
    "_models_parsed_once",
    "aws",
    "client",
    "dynamodb",
    "jpeg",
    "post",
    "shop",
    "world",
]


@pytest.fixture
def reusing(world: World) -> World:
    """The stores and models of a service that reuses answers, as dev and prod have it."""
    world.reuse = True
    return world


@pytest.fixture
def asynchronous(reusing: World) -> World:
    """The same with an async endpoint."""
    reusing.asynchronous = True
    return reusing
