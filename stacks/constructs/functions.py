"""Lambda functions of our own Python, declared the same way in every stack."""

from collections.abc import Mapping

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from settings.environment import LogDays
from stacks.constructs.monitoring import log_group


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
    """Declare a function, its log and its role, whose only permission is to write that log.

    `reserved` is its reserved concurrency.
    """
    log = log_group(scope, f"{name}Log", log_days)
    # No managed policy: AWSLambdaBasicExecutionRole allows writing to every log group of the account.
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
