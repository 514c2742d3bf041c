"""The endpoint's number of instances, which follows the requests."""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from settings.model import Model, Schedule
from stacks.constructs.operations import alarm
from stacks.model.alarms import NAMESPACE, VARIANT, backlog_without_capacity

# An instance answers one request at a time; one of 1 to 8 photos takes 0.7 to 1.6 s on a T4, as estimated by
# `python -m planning latency`.
REQUESTS_PER_MINUTE = 20
# Queued requests per instance above which an instance is added.
BACKLOG = 5
_DIMENSION = "sagemaker:variant:DesiredInstanceCount"


def scale(scope: Construct, model: Model) -> list[cdk.CfnResource]:
    """Scale the endpoint between the settings' bounds; return the resources that depend on the endpoint."""
    if model.min_instances == model.max_instances:
        return []
    target = autoscaling.CfnScalableTarget(
        scope,
        "Scaling",
        service_namespace="sagemaker",
        resource_id=f"endpoint/{model.endpoint_name}/variant/{VARIANT}",
        scalable_dimension=_DIMENSION,
        min_capacity=model.min_instances,
        max_capacity=model.max_instances,
        scheduled_actions=_office_hours(model, model.schedule) if model.schedule is not None else None,
    )
    _follow(scope, model, target)
    if model.min_instances == 0:
        _wake(scope, model, target)
    return [target]


def _office_hours(
    model: Model, schedule: Schedule
) -> list[autoscaling.CfnScalableTarget.ScheduledActionProperty]:
    # After the stop, autoscaling removes the instance once the backlog is empty.
    target = autoscaling.CfnScalableTarget
    return [
        target.ScheduledActionProperty(
            scheduled_action_name=name,
            schedule=f"cron({when.minute} {when.hour} ? * {','.join(schedule.days)} *)",
            timezone=schedule.time_zone,
            scalable_target_action=target.ScalableTargetActionProperty(
                min_capacity=least, max_capacity=model.max_instances
            ),
        )
        for name, when, least in (("Start", schedule.start, 1), ("Stop", schedule.stop, model.min_instances))
    ]


def _follow(scope: Construct, model: Model, target: autoscaling.CfnScalableTarget) -> None:
    policy = autoscaling.CfnScalingPolicy
    requests = backlog = None
    if model.mode == "async":
        name, wanted = "FollowBacklog", BACKLOG
        backlog = policy.CustomizedMetricSpecificationProperty(
            namespace=NAMESPACE,
            metric_name="ApproximateBacklogSizePerInstance",
            dimensions=[policy.MetricDimensionProperty(name="EndpointName", value=model.endpoint_name)],
            statistic="Average",
        )
    else:
        name, wanted = "FollowRequests", REQUESTS_PER_MINUTE
        requests = policy.PredefinedMetricSpecificationProperty(
            predefined_metric_type="SageMakerVariantInvocationsPerInstance"
        )
    policy(
        scope,
        name,
        policy_name=name,
        policy_type="TargetTrackingScaling",
        scaling_target_id=target.ref,
        target_tracking_scaling_policy_configuration=policy.TargetTrackingScalingPolicyConfigurationProperty(
            customized_metric_specification=backlog,
            predefined_metric_specification=requests,
            target_value=wanted,
            scale_in_cooldown=600,
            # A new instance takes minutes to start; a shorter cooldown would start more for the same load.
            scale_out_cooldown=300,
        ),
    )


def _wake(scope: Construct, model: Model, target: autoscaling.CfnScalableTarget) -> None:
    # Without instances the backlog per instance is undefined, so target tracking cannot leave zero.
    policy = autoscaling.CfnScalingPolicy
    step = policy(
        scope,
        "Wake",
        policy_name="Wake",
        policy_type="StepScaling",
        scaling_target_id=target.ref,
        step_scaling_policy_configuration=policy.StepScalingPolicyConfigurationProperty(
            adjustment_type="ExactCapacity",
            metric_aggregation_type="Maximum",
            cooldown=300,
            step_adjustments=[
                policy.StepAdjustmentProperty(metric_interval_lower_bound=0, scaling_adjustment=1)
            ],
        ),
    )
    # A wake is no fault, so it notifies no one; see `StaysAsleep` of the endpoint's alarms.
    rings = alarm(
        scope,
        "Waiting",
        backlog_without_capacity(model, cdk.Duration.minutes(1)),
        1,
        "Requests wait while the endpoint has no instance, which this alarm starts",
        runbook="endpoint-stays-asleep",
        notify=None,
        datapoints=1,
    )
    cast("cloudwatch.CfnAlarm", rings.node.default_child).alarm_actions = [step.ref]
