"""One real system for all tests that need one."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from local.home import Home
from tests.system.running import System

FOLDER = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.system)


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The running system; whatever a test does to it, it brings back."""
    system = System(Home(tmp_path_factory.mktemp("vitrine").resolve()))
    try:
        system.up()
        yield system
    finally:
        system.client.close()
        done = system.command("down")
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A JPEG that is a photo to the service, of nothing in particular."""
    path = tmp_path_factory.mktemp("photos") / "plain.jpg"
    Image.new("RGB", (1024, 768), (120, 130, 160)).save(path, quality=85)
    return path
