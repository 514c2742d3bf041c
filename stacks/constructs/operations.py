"""What operators look at in every stack: published values, log groups and alarms."""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from settings.environment import LogDays
from settings.naming import parameter_name


def publish(stack: cdk.Stack, environment_name: str, name: str, value: str, description: str) -> None:
    """Declare the output `name` (as in ApiUrl) and the parameter /vitrine/<environment>/<api-url>."""
    cdk.CfnOutput(stack, name, value=value, description=description)
    ssm.StringParameter(
        stack,
        f"{name}Parameter",
        parameter_name=parameter_name(environment_name, name),
        string_value=value,
        description=description,
    )


def log_group(
    scope: Construct, construct_id: str, days: LogDays, *, name: str | None = None
) -> logs.LogGroup:
    """Declare a log group that is deleted with its stack; without a `name`, CloudFormation chooses one."""
    group = logs.LogGroup(scope, construct_id, log_group_name=name, removal_policy=cdk.RemovalPolicy.DESTROY)
    # Set on the CloudFormation resource: the construct takes enum members, which would repeat LogDays.
    cast("logs.CfnLogGroup", group.node.default_child).retention_in_days = days
    return group


def alarm(
    scope: Construct,
    construct_id: str,
    metric: cloudwatch.IMetric,
    threshold: float,
    description: str,
    *,
    periods: int = 1,
    datapoints: int | None = None,
) -> cloudwatch.Alarm:
    """Alarm when `metric` is at least `threshold` in `datapoints` (default: all) of the last `periods`.

    Periods without data count as good.
    """
    return cloudwatch.Alarm(
        scope,
        construct_id,
        alarm_description=description,
        metric=metric,
        threshold=threshold,
        evaluation_periods=periods,
        datapoints_to_alarm=datapoints,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
