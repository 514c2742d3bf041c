"""Log groups, kept for the days of the settings: one declaration for every stack that writes a log."""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_logs as logs
from constructs import Construct

from settings.environment import LogDays


def log_group(
    scope: Construct, construct_id: str, days: LogDays, *, name: str | None = None
) -> logs.LogGroup:
    """Declare a log group that goes with its stack; without a `name`, CloudFormation finds one."""
    group = logs.LogGroup(scope, construct_id, log_group_name=name, removal_policy=cdk.RemovalPolicy.DESTROY)
    # Set below the construct, which takes words for numbers of days and would need a second list of them.
    cast("logs.CfnLogGroup", group.node.default_child).retention_in_days = days
    return group
