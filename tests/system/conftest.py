"""One running system for every test here, in the mode that the test needs."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from benchmarks.browser import chromium
from benchmarks.emulated_stores import free_ports
from local.home import Home
from local.supervisor.ports import PREFERRED, variable
from tests.system.running import System

FOLDER = Path(__file__).parent
# Two systems that start at once would find the same ports free.
PORTS_APART = 10_000


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if FOLDER in item.path.parents:
            item.add_marker(pytest.mark.system)
    # A system that starts in async mode changes to realtime once; else it changes there and back.
    items.sort(key=lambda item: "async_system" not in getattr(item, "fixturenames", ()))


def _ports_of_worker() -> dict[str, str]:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0")
    if (apart := PORTS_APART * int(worker.removeprefix("gw"))) == 0:
        return {}
    return {variable(name): str(port + apart) for name, port in PREFERRED.items()}


@pytest.fixture
def other_ports() -> dict[str, str]:
    """Variables with the ports of a system beside the workers' own.

    By itself it would take a preferred port that is free only while another worker restarts a process.
    """
    ports = zip(PREFERRED, free_ports(len(PREFERRED)), strict=True)
    return {variable(name): str(port) for name, port in ports}


@pytest.fixture(scope="session")
def processes_of_session(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """The system that a worker's tests share, since its model server takes long to start; not started yet."""
    system = System(Home(tmp_path_factory.mktemp("vitrine").resolve()), _ports_of_worker())
    yield system
    system.end()
    wrong = system.wrong_lines()
    assert not wrong, "\n".join(wrong)


@pytest.fixture(scope="session")
def system(processes_of_session: System) -> System:
    """The system in realtime mode; a test that stops a process starts it again."""
    processes_of_session.up()
    return processes_of_session


@pytest.fixture(scope="module")
def async_system(processes_of_session: System) -> Iterator[System]:
    """The system in async mode, with Supabase's processes."""
    was_realtime = processes_of_session.is_up
    processes_of_session.up("--mode", "async")
    yield processes_of_session
    if was_realtime:
        processes_of_session.up()


@pytest.fixture(scope="session")
def needs_chromium() -> None:
    """Skip a test on a machine without Chromium where it cannot be installed; the reason says how to."""
    try:
        chromium()
    except FileNotFoundError as missing:
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def photo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A valid JPEG without a product in it."""
    path = tmp_path_factory.mktemp("photos") / "plain.jpg"
    Image.new("RGB", (1024, 768), (120, 130, 160)).save(path, quality=85)
    return path
