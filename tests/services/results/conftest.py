"""Stores and queues with reports in them."""

from typing import TYPE_CHECKING

import boto3
import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from services.core.aws import PRESIGNING
from tests.services.results.shop import BUCKET, REGION, Shop

if TYPE_CHECKING:
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sqs.client import SQSClient


@pytest.fixture
def shop(dynamodb: DynamoDBClient) -> Shop:
    s3: S3Client = boto3.client("s3", region_name=REGION, config=PRESIGNING)
    s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ca-central-1"})
    sqs: SQSClient = boto3.client("sqs", region_name=REGION)
    jobs, dead = (sqs.create_queue(QueueName=name)["QueueUrl"] for name in ("jobs", "dead"))
    return Shop(s3, dynamodb, sqs, jobs, dead)
