"""The alarms of the emulator's stacks, started by metric data."""

import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from local.supervisor import processes
from local.supervisor.configuration import emulator_env
from settings.environment import load_environment
from settings.naming import alarm_topic_name
from tests.system.running import System

SETTINGS = load_environment("local")


@pytest.fixture
def client(system: System) -> Any:
    given = emulator_env(processes.records(system.home)["emulator"].port, SETTINGS.region)
    return lambda service: boto3.client(
        service,
        endpoint_url=given["AWS_ENDPOINT_URL"],
        region_name=SETTINGS.region,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )


def test_each_alarm_starts_on_its_metric(client: Any) -> None:
    cloudwatch = client("cloudwatch")
    alarms = cloudwatch.describe_alarms()["MetricAlarms"]
    assert {one["MetricName"] for one in alarms} >= {"ApproximateNumberOfMessagesVisible", "Errors"}
    queue = client("sqs").create_queue(QueueName="pager")["QueueUrl"]
    arn = f"arn:aws:sqs:{SETTINGS.region}:{queue.split('/')[-2]}:pager"
    client("sns").subscribe(TopicArn=alarms[0]["AlarmActions"][0], Protocol="sqs", Endpoint=arn)
    for one in alarms:
        (topic,) = one["AlarmActions"]
        assert topic.endswith(f":{alarm_topic_name(SETTINGS.name)}")
        assert one["OKActions"] == [topic]
        datum = {"MetricName": one["MetricName"], "Dimensions": one["Dimensions"], "Value": one["Threshold"]}
        now = time.time()
        cloudwatch.put_metric_data(
            Namespace=one["Namespace"],
            MetricData=[
                datum | {"Timestamp": now - period * one["Period"]}
                for period in range(one["EvaluationPeriods"])
            ],
        )
    assert states(cloudwatch, "ALARM") == {one["AlarmName"] for one in alarms}
    told = "".join(message["Body"] for message in messages(client("sqs"), queue))
    for one in alarms:
        assert one["AlarmName"] in told
        assert one["AlarmDescription"] in told


def messages(sqs: Any, queue: str) -> Iterator[dict[str, Any]]:
    while received := sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=10).get("Messages", []):
        for message in received:
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=message["ReceiptHandle"])
            yield message


def states(cloudwatch: Any, wanted: str) -> set[str]:
    """Return the names of the alarms in a state, once all are or after ten seconds."""
    for _ in range(50):
        alarms = cloudwatch.describe_alarms()["MetricAlarms"]
        found = {one["AlarmName"] for one in alarms if one["StateValue"] == wanted}
        if len(found) == len(alarms):
            break
        time.sleep(0.2)
    return found
