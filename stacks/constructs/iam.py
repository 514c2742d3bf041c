"""IAM statements that the Fargate service and the functions share.

Each statement allows the actions that the code calls; the CDK's own grants are wider.
"""

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from settings.model import Model


def rows(table: dynamodb.ITableV2, *actions: str, index: str | None = None) -> iam.PolicyStatement:
    """Allow actions such as "GetItem" on the rows of a table, or "Query" on one of its indexes."""
    return iam.PolicyStatement(
        actions=[f"dynamodb:{action}" for action in sorted(actions)],
        resources=[f"{table.table_arn}/index/{index}" if index else table.table_arn],
    )


def objects(bucket: s3.IBucket, folders: tuple[str, ...], *actions: str) -> iam.PolicyStatement:
    """Allow actions such as "GetObject" on the objects in these folders of a bucket."""
    return iam.PolicyStatement(
        actions=[f"s3:{action}" for action in actions],
        resources=[bucket.arn_for_objects(f"{folder}/*") for folder in folders],
    )


def listing(bucket: s3.IBucket, folders: tuple[str, ...]) -> iam.PolicyStatement:
    """Allow listing the objects in these folders of a bucket."""
    return iam.PolicyStatement(
        actions=["s3:ListBucket"],
        resources=[bucket.bucket_arn],
        conditions={"StringLike": {"s3:prefix": [f"{folder}/*" for folder in folders]}},
    )


def through_s3(key: kms.IKey, region: str, *actions: str) -> iam.PolicyStatement:
    """Allow actions such as "Decrypt" with a key, through S3 only."""
    return iam.PolicyStatement(
        actions=[f"kms:{action}" for action in actions],
        resources=[key.key_arn],
        conditions={"StringEquals": {"kms:ViaService": f"s3.{region}.amazonaws.com"}},
    )


def invoke_endpoint(scope: Construct, model: Model) -> iam.PolicyStatement:
    """Allow the invocation that the endpoint's mode offers."""
    endpoint = cdk.Stack.of(scope).format_arn(
        service="sagemaker",
        resource="endpoint",
        # SageMaker ARNs hold the name in lower case, and IAM compares case-sensitively.
        resource_name=model.endpoint_name.lower(),
    )
    action = "InvokeEndpointAsync" if model.mode == "async" else "InvokeEndpoint"
    return iam.PolicyStatement(actions=[f"sagemaker:{action}"], resources=[endpoint])


def send(queue: sqs.IQueue) -> iam.PolicyStatement:
    """Allow sending messages to a queue."""
    return iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[queue.queue_arn])


def read_secret(scope: Construct, name: str) -> iam.PolicyStatement:
    """Allow reading one secret by its name, which its ARN follows with six random characters."""
    arn = cdk.Stack.of(scope).format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name=f"{name}-??????",
        arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
    )
    return iam.PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[arn])
