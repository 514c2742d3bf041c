"""Lambda functions of our own Python: one declaration for every stack that ships one."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from settings.environment import LogDays
from settings.schema import Consumers
from stacks.constructs.logs import log_group


def python_function(
    scope: Construct,
    name: str,
    *,
    description: str,
    code: lambda_.Code,
    handler: str,
    variables: Mapping[str, str],
    memory_mb: int,
    timeout: cdk.Duration,
    log_days: LogDays,
    reserved: int | None = None,
) -> lambda_.Function:
    """Declare a function, its log and its role; it may write that log, and do nothing else yet.

    `reserved` sets so many concurrent runs aside for it, and lets it have no more.
    """
    log = log_group(scope, f"{name}Log", log_days)
    # A role of our own: the managed policy may write to every log group of the account.
    role = iam.Role(scope, f"{name}Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log.grant_write(role)
    return lambda_.Function(
        scope,
        f"{name}Function",
        description=description,
        code=code,
        handler=handler,
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.ARM_64,
        memory_size=memory_mb,
        timeout=timeout,
        environment=dict(variables),
        reserved_concurrent_executions=reserved,
        role=role,
        log_group=log,
    )


def consume(function: lambda_.Function, queue: sqs.IQueue, size: Consumers, *, batch: int) -> None:
    """Let a function empty a queue, at most `batch` messages at a time, and say which of them failed."""
    mapping = lambda_.CfnEventSourceMapping(
        function,
        "Queue",
        function_name=function.function_name,
        event_source_arn=queue.queue_arn,
        batch_size=batch,
        function_response_types=["ReportBatchItemFailures"],
        scaling_config=lambda_.CfnEventSourceMapping.ScalingConfigProperty(
            maximum_concurrency=size.max_concurrency
        ),
    )
    function.add_to_role_policy(
        iam.PolicyStatement(
            actions=[
                "sqs:ReceiveMessage",
                "sqs:DeleteMessage",
                "sqs:GetQueueAttributes",
                "sqs:ChangeMessageVisibility",
            ],
            resources=[queue.queue_arn],
        )
    )
    # Lambda looks for these rights when it is told of the queue.
    if function.role is not None:
        mapping.node.add_dependency(function.role)
