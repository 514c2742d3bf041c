"""The secrets that the settings name, put into the emulator's Secrets Manager as an operator does in AWS."""

from collections.abc import Mapping

import boto3
from botocore.config import Config

from local.supervisor import variables


def put(port: int, region: str, values: Mapping[str, str]) -> None:
    """Store secrets by name in the emulator on `port`; one that is there gets the new value."""
    given = variables.aws(port, region)
    client = boto3.Session(given["AWS_ACCESS_KEY_ID"], given["AWS_SECRET_ACCESS_KEY"]).client(
        "secretsmanager",
        region_name=region,
        endpoint_url=given["AWS_ENDPOINT_URL"],
        config=Config(proxies={}),
    )
    for name, value in values.items():
        try:
            client.create_secret(Name=name, SecretString=value)
        except client.exceptions.ResourceExistsException:
            client.put_secret_value(SecretId=name, SecretString=value)
