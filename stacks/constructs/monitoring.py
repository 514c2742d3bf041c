"""Log groups and alarms, declared the same way in every stack."""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from settings.environment import LogDays

# A stream keeps a record for 24 hours: this leaves 23 to act.
STREAM_AGE_LIMIT = cdk.Duration.hours(1)


def log_group(
    scope: Construct, construct_id: str, days: LogDays, *, name: str | None = None
) -> logs.LogGroup:
    """Declare a log group that is deleted with its stack; without a `name`, CloudFormation chooses one."""
    group = logs.LogGroup(scope, construct_id, log_group_name=name, removal_policy=cdk.RemovalPolicy.DESTROY)
    # Set on the CloudFormation resource: the construct takes enum members, which would repeat LogDays.
    cast("logs.CfnLogGroup", group.node.default_child).retention_in_days = days
    return group


def alarm_on_dead_letters(
    scope: Construct, construct_id: str, dead_letters: sqs.Queue, description: str
) -> None:
    """Alarm as soon as a dead-letter queue holds a message."""
    metric = dead_letters.metric_approximate_number_of_messages_visible(
        statistic="Maximum", period=cdk.Duration.minutes(1)
    )
    _alarm(scope, construct_id, metric, 1, 1, description)


def alarm_on_failures(
    scope: Construct, construct_id: str, function: lambda_.Function, description: str
) -> None:
    """Alarm when a scheduled function fails in three consecutive periods of five minutes."""
    metric = function.metric_errors(statistic="Maximum", period=cdk.Duration.minutes(5))
    _alarm(scope, construct_id, metric, 1, 3, description)


def alarm_on_stream_age(
    scope: Construct, construct_id: str, function: lambda_.Function, description: str
) -> None:
    """Alarm when the oldest unprocessed record of the function's stream is older than STREAM_AGE_LIMIT."""
    metric = function.metric("IteratorAge", statistic="Maximum", period=cdk.Duration.minutes(5))
    _alarm(scope, construct_id, metric, STREAM_AGE_LIMIT.to_milliseconds(), 1, description)


def _alarm(
    scope: Construct,
    construct_id: str,
    metric: cloudwatch.Metric,
    threshold: float,
    periods: int,
    description: str,
) -> None:
    cloudwatch.Alarm(
        scope,
        construct_id,
        alarm_description=description,
        metric=metric,
        threshold=threshold,
        evaluation_periods=periods,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
