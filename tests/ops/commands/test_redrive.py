"""The command finds the queues of an environment in its account."""

import json

import boto3
import pytest
from moto import mock_aws

from ops.__main__ import main


def test_command_finds_published_queues(capsys: pytest.CaptureFixture[str]) -> None:
    with mock_aws():
        sqs = boto3.client("sqs", region_name="ca-central-1")
        ssm = boto3.client("ssm", region_name="ca-central-1")
        urls = {name: sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("webhook", "webhook-dead")}
        published = {"webhook-queue": urls["webhook"], "webhook-dead-letters": urls["webhook-dead"]}
        for name, url in published.items():
            ssm.put_parameter(Name=f"/vitrine/dev/{name}", Value=url, Type="String")
        sqs.send_message(
            QueueUrl=urls["webhook-dead"],
            MessageBody=json.dumps({"owner": "alice", "report": "01J0"}),
            MessageAttributes={"reason": {"DataType": "String", "StringValue": "answered 500"}},
        )
        assert main(["redrive", "--env", "dev", "--yes"]) == 0
        assert "answered 500" in capsys.readouterr().out
        left = sqs.get_queue_attributes(
            QueueUrl=urls["webhook-dead"], AttributeNames=["ApproximateNumberOfMessages"]
        )
        assert left["Attributes"]["ApproximateNumberOfMessages"] == "1"
