"""Starts what a drill of log events needs: emulator, CloudWatch Logs, receivers and writers."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import boto3

from benchmarks.drill.deployment import Cloud
from benchmarks.drill.supervisor import Supervisor
from benchmarks.drill_logs.instance import WORKED, has_handled_event
from benchmarks.emulated_stores import free_ports, wait_ready
from local.home import PYTHON
from local.supervisor.configuration import emulator_env
from settings.environment import load_environment
from settings.service_env import log_receiver_variables, log_variables, log_writer_variables

RECEIVERS, WRITERS = 4, 2
BUCKET, TABLE, GROUP, STREAM, SECRET = "images", "claims", "/vitrine/drill/edge", "edge", "drill/logs"
# Longer than the 14 days that CloudWatch Logs takes, so that these are the limit.
RETENTION_DAYS = 30
# A killed writer's messages are visible again after so long. More receives than in the stack: each of the
# drill's own delays and repetitions is a receive too.
VISIBILITY_S, RECEIVES = 14, 100
# The memory of each function in MB, as the stack sets it, which tests compare.
MEMORY_MB = {"receiver": 1769, "writer": 1024}


@dataclass(frozen=True)
class Launched:
    """What runs: the emulator with its queues, the receivers' addresses, and the key of the senders."""

    cloud: Cloud
    queue: str
    dead_letters: str
    receivers: tuple[str, ...]
    key: str


def launch(supervisor: Supervisor, folder: Path, seed: int) -> Launched:
    """Start all processes; only receivers and writers may be killed, as all others keep data in memory."""
    environment = load_environment("local").model_copy(update={"log_retention_days": RETENTION_DAYS})
    emulator, logs, *ports = free_ports(2 + RECEIVERS)
    cloud = supervisor.emulator(emulator)
    key = secrets.token_urlsafe(32)
    queue, dead_letters = _create_stores(cloud, key)
    command = ("--port", logs, "--folder", folder, "--group", GROUP, "--seed", seed)
    supervisor.start_safe(
        "cloudwatch",
        _module("benchmarks.drill_logs.cloudwatch", *command, "--retention-days", RETENTION_DAYS),
        {},
        f"http://127.0.0.1:{logs}/",
    )
    endpoint = f"http://127.0.0.1:{logs}"
    _create_stream(endpoint, environment.region)
    common = {
        **emulator_env(emulator, environment.region),
        **log_variables(environment, "drill"),
        "AWS_ENDPOINT_URL_CLOUDWATCH_LOGS": endpoint,
    }
    for_writers = common | log_writer_variables(
        environment,
        image_bucket=BUCKET,
        logs_queue_url=queue,
        logs_dead_letters_url=dead_letters,
        claims_table=TABLE,
        edge_log_group=GROUP,
        edge_log_stream=STREAM,
    )
    (folder / WORKED).mkdir()
    has_worked = partial(has_handled_event, folder)
    for number in range(WRITERS):
        supervisor.start_killable(
            f"writer-{number}", _instance("writer", folder, seed), for_writers, has_worked
        )
    # Without a key of its own, the bucket encrypts by its default.
    for_receivers = common | log_receiver_variables(
        SECRET, image_bucket=BUCKET, image_key_id="", logs_queue_url=queue
    )
    addresses = tuple(f"http://127.0.0.1:{port}" for port in ports)
    for number, port in enumerate(ports):
        receiver = _instance("receiver", folder, seed, "--port", port)
        process = supervisor.start_killable(f"receiver-{number}", receiver, for_receivers, has_worked)
        wait_ready(supervisor.home, f"receiver-{number}", f"{addresses[number]}/", process)
    return Launched(cloud, queue, dead_letters, addresses, key)


def _create_stores(cloud: Cloud, key: str) -> tuple[str, str]:
    """Create bucket, table, secret and queues; return the URLs of the queue and of its dead letters."""
    region: Any = cloud.s3.meta.region_name
    cloud.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": region})
    cloud.dynamodb.create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "pk", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    cloud.secrets.create_secret(Name=SECRET, SecretString=key)
    dead = cloud.sqs.create_queue(QueueName="logs-dead")["QueueUrl"]
    arn = cloud.sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    attributes: Any = {
        "VisibilityTimeout": str(VISIBILITY_S),
        "RedrivePolicy": f'{{"deadLetterTargetArn": "{arn}", "maxReceiveCount": {RECEIVES}}}',
    }
    return cloud.sqs.create_queue(QueueName="logs", Attributes=attributes)["QueueUrl"], dead


def _create_stream(endpoint: str, region: str) -> None:
    """Create the stream, as the stack does."""
    logs = boto3.Session("vitrine-local", "vitrine-local", region_name=region).client(
        "logs", endpoint_url=endpoint
    )
    while True:
        try:
            logs.create_log_stream(logGroupName=GROUP, logStreamName=STREAM)
        except logs.exceptions.ResourceAlreadyExistsException:
            return
        except logs.exceptions.ClientError as error:
            if error.response["Error"]["Code"] != "ThrottlingException":
                raise
        else:
            return


def _module(name: str, *options: object) -> tuple[str, ...]:
    return (str(PYTHON), "-m", name, *map(str, options))


def _instance(role: str, folder: Path, seed: int, *options: object) -> Callable[[int], tuple[str, ...]]:
    def command(generation: int) -> tuple[str, ...]:
        seeded = ("--folder", folder, "--seed", f"{seed}.{generation}")
        return _module("benchmarks.drill_logs.instance", role, *seeded, *options)

    return command
