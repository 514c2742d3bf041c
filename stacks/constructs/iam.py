"""The rights that reports are made with: what the service on Fargate and the functions have in common.

The CDK's own grants are wider. Each of these is one statement, of the actions that the code calls.
"""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from settings.schema import Model
from stacks.storage.stack import UNFINISHED


def rows(table: dynamodb.ITableV2, *actions: str) -> iam.PolicyStatement:
    """Do this with the rows of a table, as in "GetItem"."""
    return iam.PolicyStatement(
        actions=[f"dynamodb:{action}" for action in sorted(actions)], resources=[table.table_arn]
    )


def unfinished(table: dynamodb.ITableV2, *actions: str) -> iam.PolicyStatement:
    """Do this with the index of the reports that are still to be made, as in "Query"."""
    return iam.PolicyStatement(
        actions=[f"dynamodb:{action}" for action in sorted(actions)],
        resources=[f"{table.table_arn}/index/{UNFINISHED}"],
    )


def objects(bucket: s3.IBucket, folders: tuple[str, ...], *actions: str) -> iam.PolicyStatement:
    """Do this with the objects in folders of a bucket, as in "GetObject"."""
    return iam.PolicyStatement(
        actions=[f"s3:{action}" for action in actions],
        resources=[bucket.arn_for_objects(f"{folder}/*") for folder in folders],
    )


def through_s3(key: kms.IKey, region: str, *actions: str) -> iam.PolicyStatement:
    """Let S3 use a key in the caller's name, as in "Decrypt"."""
    return iam.PolicyStatement(
        actions=[f"kms:{action}" for action in actions],
        resources=[key.key_arn],
        conditions={"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}},
    )


def ask(scope: Construct, model: Model) -> iam.PolicyStatement:
    """Ask the endpoint, in the mode that it has."""
    endpoint = cdk.Stack.of(scope).format_arn(
        service="sagemaker",
        resource="endpoint",
        # SageMaker writes names small in ARNs, whatever they are, and IAM compares letter by letter.
        resource_name=model.endpoint_name.lower(),
    )
    action = "InvokeEndpointAsync" if model.mode == "async" else "InvokeEndpoint"
    return iam.PolicyStatement(actions=[f"sagemaker:{action}"], resources=[endpoint])


def send(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Put messages into a queue."""
    return iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[queue.queue_arn])


def read_secret(scope: Construct, name: str) -> iam.PolicyStatement:
    """Read one secret by its name, to which AWS adds six characters in its ARN."""
    arn = cdk.Stack.of(scope).format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name=f"{name}-??????",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
    return iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[arn])
