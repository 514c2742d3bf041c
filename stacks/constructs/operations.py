"""What operators look at in every stack: published values, log groups and alarms."""

from collections.abc import Sequence
from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_logs as logs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from settings.environment import Environment, LogDays
from settings.naming import alarm_topic_name, parameter_name

# Where each alarm has a section that says what to do first.
RUNBOOK = "docs/operations.md"


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


def notified_topic(scope: Construct, settings: Environment) -> str:
    """Return the ARN of the topic on which alarms act: the one of the settings, or that of `storage`.

    A name and no export: CloudFormation would refuse to delete the topic while other stacks import it.
    """
    own = cdk.Stack.of(scope).format_arn(service="sns", resource=alarm_topic_name(settings.name))
    return settings.alarms.notified_topic or own


def alarm(
    scope: Construct,
    construct_id: str,
    metric: cloudwatch.IMetric,
    threshold: float,
    description: str,
    *,
    runbook: str,
    notify: str | None,
    periods: int = 1,
    datapoints: int | None = None,
    missing: cloudwatch.TreatMissingData = cloudwatch.TreatMissingData.NOT_BREACHING,
) -> cloudwatch.Alarm:
    """Alarm when `metric` is at least `threshold` in `datapoints` (default: all) of the last `periods`.

    Its start and end are published to the topic `notify`, an ARN; None: the alarm is part of a composite one.
    `runbook` is the anchor of its section in RUNBOOK. By default, periods without data count as good.
    """
    declared = cloudwatch.Alarm(
        scope,
        construct_id,
        alarm_description=_described(description, runbook),
        metric=metric,
        threshold=threshold,
        evaluation_periods=periods,
        datapoints_to_alarm=datapoints,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=missing,
    )
    if notify is not None:
        resource = cast("cloudwatch.CfnAlarm", declared.node.default_child)
        resource.alarm_actions = resource.ok_actions = [notify]
    return declared


def alarm_on_all(
    scope: Construct,
    construct_id: str,
    parts: Sequence[cloudwatch.IAlarm],
    description: str,
    *,
    runbook: str,
    notify: str,
) -> None:
    """Alarm while every one of `parts` is in alarm; arguments as in `alarm`. The emulator refuses it."""
    # Named as CloudFormation names alarms, by the stack: the topic's policy admits no other names.
    declared = cloudwatch.CfnCompositeAlarm(
        scope,
        construct_id,
        alarm_name=f"{cdk.Stack.of(scope).stack_name}-{construct_id}",
        alarm_rule=" AND ".join(f'ALARM("{part.alarm_arn}")' for part in parts),
        alarm_description=_described(description, runbook),
    )
    declared.alarm_actions = declared.ok_actions = [notify]


def _described(description: str, runbook: str) -> str:
    return f"{description}: {RUNBOOK}#{runbook}"
