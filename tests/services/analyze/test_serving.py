import asyncio
import os
import random
import signal
import socket
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Any

import boto3
import httpx2
import psutil
import pytest
import uvicorn

from benchmarks.emulated_stores import TABLE, stores
from benchmarks.local_service import access_token, service_variables, user_id
from local.fakes.posthog.app import create_app
from local.fakes.posthog.capture import Capture
from services.analyze.__main__ import STOP_WITHIN_S
from services.analyze.app import DRAIN_S, TELL_WITHIN_S
from services.core.domain.report import Status
from services.core.storage.reports import Reports
from tests.services.analyze.balancer import Balancer
from tests.services.analyze.process import Model, Running, eventually, service

pytestmark = pytest.mark.system

# So few that a slow machine answers them at once: only the pauses of each client count.
CLIENTS = 50
# What has no limit of its own is waited for so long; a test of a stop ends when the service does.
WITHIN_S = 60.0
# What ECS leaves a service that answers no request. Almost all of it is the drain, which waits and computes
# nothing: on a machine with seven times as many processes as cores, the service ends after 8.4 s.
DRAINED_WITHIN_S = DRAIN_S + TELL_WITHIN_S + 2
AWS: dict[str, Any] = dict.fromkeys(("aws_access_key_id", "aws_secret_access_key"), "test")
FIRST_PROCESS = ("unshare", "--pid", "--fork", "--kill-child")


@pytest.fixture(scope="module")
def stores_port() -> Iterator[int]:
    with stores() as port:
        yield port


@pytest.fixture
def model() -> Iterator[Model]:
    with Model().serving() as model:
        yield model


def answers(balancer: Balancer, each: int, pause_s: tuple[float, float]) -> list[int]:
    """The statuses of what clients ask for, each of them so many times with pauses between these."""
    shift = random.Random(0)  # noqa: S311

    async def ask(door: int) -> list[int]:
        await asyncio.sleep(shift.random())
        reader, writer = await asyncio.open_connection("127.0.0.1", door)
        statuses = []
        for _ in range(each):
            writer.write(b"GET /healthz HTTP/1.1\r\nhost: analyze\r\n\r\n")
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            await reader.readexactly(int(head.partition(b"content-length: ")[2].split()[0]))
            statuses.append(int(head.split()[1]))
            await asyncio.sleep(shift.uniform(*pause_s))
        writer.close()
        return statuses

    async def ask_all() -> list[int]:
        async with balancer.listening() as door:
            asked = await asyncio.gather(*(ask(door) for _ in range(CLIENTS)))
        return [status for statuses in asked for status in statuses]

    return asyncio.run(ask_all())


def test_keep_alive_loses_no_request() -> None:
    with service(service_variables(9, 9), "--keep-alive", "10") as running:
        balancer = Balancer(running.port, idle_s=1)
        # Also where answers come late, some come before the balancer closes a connection and some after it.
        statuses = answers(balancer, each=5, pause_s=(0.3, 1.7))
    assert statuses == [200] * 5 * CLIENTS
    assert balancer.reused > 10
    assert balancer.opened > CLIENTS + 10


def test_short_keep_alive_loses_requests() -> None:
    with service(service_variables(9, 9), "--keep-alive", "1") as running:
        # A request is so long on its way that the service closes the connection meanwhile.
        balancer = Balancer(running.port, idle_s=10, delay_s=0.4)
        statuses = answers(balancer, each=2, pause_s=(0.3, 0.7))
    assert statuses.count(502) > 10


def analyze(running: Running, photo: bytes, prefer: str = "wait=25") -> httpx2.Response:
    headers = {"Authorization": f"Bearer {access_token('ana')}", "Prefer": prefer}
    with httpx2.Client(trust_env=False, timeout=WITHIN_S) as client:
        url = f"http://127.0.0.1:{running.port}/analyze"
        return client.post(url, headers=headers, files={"images": photo})


def refuses(running: Running) -> bool:
    try:
        socket.create_connection(("127.0.0.1", running.port), timeout=WITHIN_S).close()
    except ConnectionRefusedError:
        return True
    return False


def asked_once(running: Running) -> socket.socket:
    """A connection on which one request was answered."""
    connection = socket.create_connection(("127.0.0.1", running.port), timeout=WITHIN_S)
    connection.sendall(b"GET /healthz HTTP/1.1\r\nhost: analyze\r\n\r\n")
    while not connection.recv(4096).endswith(b"}"):
        pass
    return connection


@contextmanager
def posthog() -> Iterator[tuple[int, Capture]]:
    """A PostHog on a port of its own, and what it gets."""
    capture = Capture("phc_shop")
    config = uvicorn.Config(create_app(capture), host="127.0.0.1", port=0, log_config=None)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        assert eventually(lambda: server.started)
        yield server.servers[0].sockets[0].getsockname()[1], capture
    finally:
        server.should_exit = True
        thread.join()


def test_running_request_survives_stop_with_its_events(
    stores_port: int, model: Model, jpeg: Callable[[], bytes]
) -> None:
    with posthog() as (port, capture):
        project = {"POSTHOG_CAPTURE_URL": f"http://127.0.0.1:{port}", "POSTHOG_PROJECT_KEY": "phc_shop"}
        with (
            service(service_variables(stores_port, model.port) | project) as running,
            ThreadPoolExecutor(1) as client,
            asked_once(running) as idle,
        ):
            answer = client.submit(analyze, running, jpeg())
            assert model.entered.wait(WITHIN_S)
            os.kill(running.pid, signal.SIGTERM)
            assert eventually(lambda: refuses(running))
            assert idle.recv(1) == b""
            assert running.started.poll() is None
            model.open.set()
            report = answer.result()
            assert running.started.wait(WITHIN_S) == 0
    assert report.status_code == 200
    assert report.json()["status"] == "succeeded"
    told = {event["event"]: event["properties"] for event in capture.kept.values()}
    assert told.keys() == {"$ai_generation", "report_completed"}
    assert told["report_completed"]["environment"] == "local"
    assert told["report_completed"]["model_ms"] == report.json()["timings_ms"]["model"]
    assert told["$ai_generation"]["$ai_http_status"] == 503


def test_workers_are_replaced_and_drain(stores_port: int, model: Model, jpeg: Callable[..., bytes]) -> None:
    variables = {**service_variables(stores_port, model.port), "WORKERS": "2"}
    with service(variables) as running, ThreadPoolExecutor(1) as client:
        assert eventually(lambda: len(serving(running)) == 2, WITHIN_S)
        first = serving(running)
        os.kill(first[0], signal.SIGKILL)
        # One that is still starting holds the listening socket until it has started.
        assert eventually(lambda: len({*serving(running)} - {*first}) == 1, WITHIN_S)
        # Another photo than before, whose observation the table still holds.
        answer = client.submit(analyze, running, jpeg(90))
        assert model.entered.wait(WITHIN_S)
        os.kill(running.pid, signal.SIGTERM)
        assert eventually(lambda: refuses(running))
        model.open.set()
        assert answer.result().json()["status"] == "succeeded"
        assert running.started.wait(WITHIN_S) == 0


def serving(running: Running) -> list[int]:
    """The ids of the workers that have started: those with decoders."""
    found = []
    for process in psutil.Process(running.pid).children():
        with suppress(psutil.NoSuchProcess):
            found += [process.pid] if process.children() else []
    return found


@pytest.fixture
def container() -> tuple[str, ...]:
    """What makes a command the first process, as of a container; nothing where that is not allowed."""
    try:
        tried = subprocess.run([*FIRST_PROCESS, "true"], check=False, capture_output=True)
    except FileNotFoundError:
        return ()
    return FIRST_PROCESS if tried.returncode == 0 else ()


def test_stop_ignores_endless_model_call(
    container: tuple[str, ...], stores_port: int, model: Model, jpeg: Callable[..., bytes]
) -> None:
    model.drips = True
    with service(service_variables(stores_port, model.port), under=container) as running:
        answer = analyze(running, jpeg(50), prefer="wait=1")
        assert answer.status_code == 202
        os.kill(running.pid, signal.SIGTERM)
        assert running.started.wait(DRAINED_WITHIN_S) == 0
    dynamodb: Any = boto3.client(
        "dynamodb", region_name="ca-central-1", endpoint_url=f"http://127.0.0.1:{stores_port}", **AWS
    )
    stored = Reports(dynamodb, TABLE, quota_per_day=9).get(user_id("ana"), answer.json()["id"])
    assert stored.report.status == Status.QUEUED


def test_endless_request_is_dropped(stores_port: int, model: Model) -> None:
    with (
        service(service_variables(stores_port, model.port), "--stop-within", "1") as running,
        asked_once(running) as slow,
    ):
        head = f"POST /analyze HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {access_token('ana')}\r\n"
        slow.sendall(
            f"{head}content-type: multipart/form-data; boundary=b\r\ncontent-length: 99\r\n\r\n".encode()
        )
        assert not eventually(lambda: running.started.poll() is not None, within_s=0.5)
        os.kill(running.pid, signal.SIGTERM)
        # Without the option, the service would wait for it ten seconds longer than this.
        assert running.started.wait(STOP_WITHIN_S - 10) == 0
