"""When something that runs by itself stands still: what every stack that has such a thing tells of."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

# An hour of a day: so long a record stays in the stream.
STREAM_WAITS = cdk.Duration.hours(1)


def dead_letter(scope: Construct, construct_id: str, dead_letters: sqs.Queue, description: str) -> None:
    """Tell when the first message lies in a queue of dead letters."""
    metric = dead_letters.metric_approximate_number_of_messages_visible(
        statistic="Maximum", period=cdk.Duration.minutes(1)
    )
    _alarm(scope, construct_id, metric, 1, 1, description)


def function_fails(scope: Construct, construct_id: str, function: lambda_.Function, description: str) -> None:
    """Tell when a function that a clock calls every few minutes has failed in three of them in a row."""
    metric = function.metric_errors(statistic="Maximum", period=cdk.Duration.minutes(5))
    _alarm(scope, construct_id, metric, 1, 3, description)


def stream_waits(scope: Construct, construct_id: str, function: lambda_.Function, description: str) -> None:
    """Tell when the oldest record of a stream that a function follows is older than STREAM_WAITS."""
    metric = function.metric("IteratorAge", statistic="Maximum", period=cdk.Duration.minutes(5))
    _alarm(scope, construct_id, metric, STREAM_WAITS.to_milliseconds(), 1, description)


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
