"""Each function's AWS clients give up before Lambda stops the function."""

import asyncio
import importlib
import logging
import sys
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import boto3
import pytest
from botocore.config import Config
from moto import mock_aws

from services.core.domain.timing import PRODUCTION
from services.hooks import worker
from services.logs import receiver, silence, writer
from services.results import jobs, notify, outbox, sweep
from tests.stacks.assemblies import Assembly
from tests.stacks.reading import text


def _start_hooks_app() -> None:
    sys.modules.pop("services.hooks.app", None)
    module = importlib.import_module("services.hooks.app")
    module.__dict__["_loop"].close()
    asyncio.set_event_loop(None)


def _start_worker() -> None:
    worker._start()[0].close()


def _start_receiver() -> None:
    receiver._start().keys.value()


def _start_writer() -> None:
    writer._start()[0].close()


def _start_jobs() -> None:
    jobs._start(PRODUCTION)[0].close()


def _read_legacy_secret() -> None:
    secret = importlib.import_module("services.authorizer.handler").AuthorizerSettings().legacy_secret()
    assert secret is not None
    secret.value()


STARTS: dict[str, Callable[[], object]] = {
    "Authorizer": _read_legacy_secret,
    "App": _start_hooks_app,
    "Worker": _start_worker,
    "Jobs": _start_jobs,
    "LogReceiver": _start_receiver,
    "LogWriter": _start_writer,
    "DrainSilence": silence._start,
    "Sweep": sweep._start,
    "Outbox": outbox._start,
    "Notify": partial(notify._start, PRODUCTION),
}


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, Config]]:
    """The configurations of the clients that are made, by their service."""
    configs: dict[str, Config] = {}
    client = boto3.Session.client

    def record(session: boto3.Session, service: str, **named: Any) -> Any:
        one = client(session, service, **named)  # type: ignore[call-overload]
        configs[service] = one.meta.config
        return one

    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    modules = (worker, jobs, sweep, outbox, notify, receiver, writer, silence)
    starts = [module._start for module in modules]
    with mock_aws():
        secrets = boto3.client("secretsmanager", region_name="ca-central-1")
        secrets.create_secret(Name="named", SecretString="s" * 40)
        monkeypatch.setattr(boto3.Session, "client", record)
        for start in starts:
            start.cache_clear()
        yield configs
        for start in starts:
            start.cache_clear()
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


def longest_s(config: Any) -> float:
    """Return how long a call may take whose every attempt times out, with the pauses between them."""
    attempts = config.retries["total_max_attempts"]
    pauses = sum(2**number for number in range(attempts - 1))
    return float(attempts * (config.connect_timeout + config.read_timeout) + pauses)


@pytest.mark.parametrize("name", STARTS)
def test_clients_end_before_their_function(
    name: str, shop: Assembly, made: dict[str, Config], monkeypatch: pytest.MonkeyPatch
) -> None:
    (function,) = [
        resource["Properties"]
        for logical_id, resource in shop.every()
        if resource["Type"] == "AWS::Lambda::Function" and logical_id[:-8] == f"{name}Function"
    ]
    monkeypatch.setenv("AWS_REGION", "ca-central-1")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "ca-central-1")
    for variable, value in function["Environment"]["Variables"].items():
        monkeypatch.setenv(variable, "named" if variable.endswith("SECRET_NAME") else text(value))
    STARTS[name]()
    assert made
    for service, config in made.items():
        assert longest_s(config) < function["Timeout"], service
