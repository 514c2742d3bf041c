"""An AWS emulator with the reports table, the image bucket and the jobs queue, for benchmarks and tests."""

import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import httpx2

from local.home import Home, tail
from local.supervisor import process_specs, processes
from local.supervisor.configuration import base_env
from local.supervisor.readiness import QUIET_S, Progress
from settings.environment import load_environment

TABLE = "reports"
BUCKET = "images"


def table_declaration() -> dict[str, Any]:
    """Return the arguments of `create_table`: the reports table of stacks/storage/stack.py."""
    attributes = {"pk": "HASH", "sk": "RANGE", "unfinished": "HASH"}
    return {
        "TableName": TABLE,
        "KeySchema": [{"AttributeName": name, "KeyType": attributes[name]} for name in ("pk", "sk")],
        "AttributeDefinitions": [{"AttributeName": name, "AttributeType": "S"} for name in attributes],
        "GlobalSecondaryIndexes": [
            {
                "IndexName": "unfinished",
                "KeySchema": [{"AttributeName": "unfinished", "KeyType": "HASH"}],
                "Projection": {
                    "ProjectionType": "INCLUDE",
                    "NonKeyAttributes": ["lease_until", "touched_at"],
                },
            }
        ],
        "BillingMode": "PAY_PER_REQUEST",
    }


def create_stores(port: int, region: str) -> str:
    """Create table, bucket and jobs queue in the emulator on `port`; return the queue's URL."""
    session = boto3.Session("vitrine-local", "vitrine-local", region_name=region)
    endpoint = f"http://127.0.0.1:{port}"
    session.client("s3", endpoint_url=endpoint).create_bucket(
        Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ca-central-1"}
    )
    session.client("dynamodb", endpoint_url=endpoint).create_table(**table_declaration())
    return session.client("sqs", endpoint_url=endpoint).create_queue(QueueName="jobs")["QueueUrl"]


@contextmanager
def stores() -> Iterator[int]:
    """Run an emulator that holds table, bucket and queue until the block ends; yield its port."""
    with tempfile.TemporaryDirectory(prefix="vitrine-stores-") as folder:
        home = Home(Path(folder))
        home.create()
        (port,) = free_ports(1)
        region = load_environment("local").region
        spec = process_specs.emulator(home, port, region, port)
        if spec.scratch:
            spec.scratch.mkdir(parents=True)
        environment = {**base_env(), **spec.environment}
        with processes.start(home, spec.name, spec.command, environment, home.log(spec.name)) as process:
            try:
                wait_ready(home, spec.name, spec.health_url, process)
                create_stores(port, region)
                yield port
            finally:
                process.terminate()


def free_ports(count: int) -> list[int]:
    """Return ports of the loopback interface that are free now."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    try:
        return [listener.getsockname()[1] for listener in listeners]
    finally:
        for listener in listeners:
            listener.close()


def wait_ready(home: Home, name: str, url: str, process: subprocess.Popen[bytes]) -> None:
    """Wait until `url` answers 200.

    Raises SystemExit with the last lines of the log when the process ends or is stuck.
    """
    progress = Progress(process.pid, home.log(name))
    last = "no answer"
    with httpx2.Client(trust_env=False, timeout=5) as client:
        while process.poll() is None and progress.quiet_s() < QUIET_S:
            try:
                answer = client.get(url)
            except httpx2.TransportError as error:
                last = type(error).__name__
            else:
                if answer.status_code == 200:
                    return
                last = f"{answer.status_code} {answer.text[:200]}"
            time.sleep(0.1)
    raise SystemExit("\n".join([f"{name} does not get ready ({last}):", *tail(home.log(name))]))
