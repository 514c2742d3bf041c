"""Every boto3 client of the services, made by purpose.

A function must answer before Lambda stops it. So each purpose has time-outs that end within those of the
functions that use it, where botocore alone would wait 60 s for one attempt.
"""

from typing import TYPE_CHECKING

import boto3
from botocore.config import Config
from botocore.exceptions import (
    ChecksumError,
    ClientError,
    CredentialRetrievalError,
    FlexibleChecksumError,
    HTTPClientError,
    IncompleteReadError,
    MetadataRetrievalError,
    NoCredentialsError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as AwsConnectionError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.client import DynamoDBClient
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_s3.client import S3Client
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient
    from mypy_boto3_secretsmanager.client import SecretsManagerClient
    from mypy_boto3_sqs.client import SQSClient

# AWS refuses a call or does not answer it; a later call may succeed. botocore's other errors, such as
# ParamValidationError, are mistakes of ours that every later call repeats.
CALL_ERRORS: tuple[type[Exception], ...] = (
    ClientError,
    HTTPClientError,
    AwsConnectionError,
    IncompleteReadError,
    ChecksumError,
    FlexibleChecksumError,
    NoCredentialsError,
    PartialCredentialsError,
    CredentialRetrievalError,
    MetadataRetrievalError,
)

# One for each worker thread: with botocore's default of 10, calls would queue.
CONNECTIONS = 40
# By default the SDK names S3's global host, which redirects a POST for hours after its bucket was made, and
# in some regions signs in a way that S3 refuses for encrypted objects.
PRESIGNING = Config(signature_version="s3v4", s3={"addressing_style": "virtual"})


def timeouts(*, connect_s: float, read_s: float, attempts: int) -> Config:
    """Limit the seconds to connect and to wait for the next bytes, for each of so many attempts of a call."""
    return Config(
        connect_timeout=connect_s,
        read_timeout=read_s,
        retries={"mode": "standard", "total_max_attempts": attempts},
        max_pool_connections=CONNECTIONS,
        # AWS checks every parameter, and our types are checked before: once more would cost a tenth of a
        # call's processor time.
        parameter_validation=False,
    )


# The authorizer runs for 8 s.
AUTHORIZER = timeouts(connect_s=1, read_s=2, attempts=2)
# The hooks' app answers the database within a second.
HOOKS_APP = timeouts(connect_s=0.4, read_s=0.6, attempts=2)
# The log receiver answers a drain within its 5 s, after a call each to S3 and SQS, and a first one for its
# secret. It repeats a call itself, while there is time.
LOG_RECEIVER = timeouts(connect_s=0.5, read_s=1, attempts=1)
# One attempt: the log writer has retries of its own, and counts what may have been written twice.
LOG_EVENTS = timeouts(connect_s=1, read_s=3, attempts=1)
# analyze, jobs and sweep: a request and a lease have room for several calls.
STORES = timeouts(connect_s=1, read_s=3, attempts=2)
# outbox and notify run for 30 s.
DELIVERY = timeouts(connect_s=2, read_s=5, attempts=3)
# The hooks' worker runs for 120 s, and S3 may be slow with a photo of 25 MB.
LARGE_PHOTOS = timeouts(connect_s=2, read_s=10, attempts=2)


class AwsClients:
    """Makes the clients of one process; none of them calls AWS before it is used.

    Without a region, it is the one of Lambda's own environment.
    """

    def __init__(self, region: str | None, config: Config) -> None:
        self._session = boto3.Session(region_name=region)
        self._config = config

    def dynamodb(self) -> "DynamoDBClient":
        """Make a client of DynamoDB."""
        return self._session.client("dynamodb", config=self._config)

    def logs(self) -> "CloudWatchLogsClient":
        """Make a client of CloudWatch Logs."""
        return self._session.client("logs", config=self._config)

    def s3(self) -> "S3Client":
        """Make a client of S3 that can also sign uploads of others."""
        return self._session.client("s3", config=self._config.merge(PRESIGNING))

    def sqs(self) -> "SQSClient":
        """Make a client of SQS."""
        return self._session.client("sqs", config=self._config)

    def secrets_manager(self) -> "SecretsManagerClient":
        """Make a client of Secrets Manager."""
        return self._session.client("secretsmanager", config=self._config)

    def sagemaker_runtime(self, within_s: float) -> "SageMakerRuntimeClient":
        """Make a client of model endpoints, which may take `within_s` seconds to answer.

        It never tries again: two requests make a slow model slower, and the caller has its own retries.
        """
        config = timeouts(connect_s=2, read_s=within_s, attempts=1)
        return self._session.client("sagemaker-runtime", config=config)


def failed_call(error: Exception) -> str:
    """Name a failed call without the error's text, which may hold addresses or parts of a request."""
    if isinstance(error, ClientError):
        return f"{error.operation_name}: {error.response.get('Error', {}).get('Code', 'unknown')}"
    return type(error).__name__
