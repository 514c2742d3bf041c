"""The endpoint's number of instances, which follows the requests."""

from typing import cast

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as autoscaling
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from settings.model import Model, Schedule
from stacks.constructs.operations import alarm
from stacks.model.alarms import NAMESPACE, VARIANT, backlog_without_capacity, idle, spare_instance

# An instance answers one request at a time. BLIP-2 on a T4 takes 1.0 s for a mean report and 2.6 s with
# `wear_tiles`, by `python -m planning latency`: 35 % and 88 % of an instance's time. So even the slowest
# model keeps up with what does not start an instance yet.
REQUESTS_PER_MINUTE = 20
# Queued requests per instance above which an instance is added.
BACKLOG = 5
IN_COOLDOWN_S = 600
# A new instance takes minutes to start; a shorter cooldown would start more for the same load.
OUT_COOLDOWN_S = 300
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
    if model.max_instances > 1:
        _follow(scope, model, target)
    if model.min_instances == 0:
        _from_and_to_zero(scope, model, target)
    return [target]


def _office_hours(
    model: Model, schedule: Schedule
) -> list[autoscaling.CfnScalableTarget.ScheduledActionProperty]:
    # After the stop, `Sleep` removes the instance once no request has come for a while.
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
            # Requests that are answered fast leave no backlog: it would remove the last instance under load.
            disable_scale_in=True if model.min_instances == 0 else None,
            scale_in_cooldown=IN_COOLDOWN_S,
            scale_out_cooldown=OUT_COOLDOWN_S,
        ),
    )


def _from_and_to_zero(scope: Construct, model: Model, target: autoscaling.CfnScalableTarget) -> None:
    # Without instances the backlog per instance is undefined, so target tracking cannot leave zero.
    _step(
        scope,
        target,
        "Wake",
        alarm(
            scope,
            "Waiting",
            backlog_without_capacity(model, cdk.Duration.minutes(1)),
            1,
            "Requests wait while the endpoint has no instance, which this alarm starts",
            runbook="endpoint-stays-asleep",
            notify=None,
            datapoints=1,
        ),
        instances=1,
        cooldown_s=OUT_COOLDOWN_S,
    )
    # No cooldown: an idle endpoint has nothing that a smaller number could disturb. Within the hours of a
    # schedule the minimum of one instance holds.
    _step(scope, target, "Sleep", idle(scope, model), instances=0, cooldown_s=0)
    if model.max_instances > 1:
        less = spare_instance(scope, model, BACKLOG)
        _step(scope, target, "Shrink", less, more=-1, cooldown_s=IN_COOLDOWN_S)


def _step(
    scope: Construct,
    target: autoscaling.CfnScalableTarget,
    name: str,
    rings: cloudwatch.Alarm,
    *,
    cooldown_s: int,
    instances: int | None = None,
    more: int = 0,
) -> None:
    """Let an alarm set the number of `instances`, or change it by `more`, every minute while it rings."""
    policy = autoscaling.CfnScalingPolicy
    step = policy(
        scope,
        name,
        policy_name=name,
        policy_type="StepScaling",
        scaling_target_id=target.ref,
        step_scaling_policy_configuration=policy.StepScalingPolicyConfigurationProperty(
            adjustment_type="ChangeInCapacity" if instances is None else "ExactCapacity",
            metric_aggregation_type="Maximum",
            cooldown=cooldown_s,
            step_adjustments=[
                policy.StepAdjustmentProperty(
                    metric_interval_lower_bound=0, scaling_adjustment=more if instances is None else instances
                )
            ],
        ),
    )
    # It changes the number of instances, which is no fault, so it notifies no one.
    cast("cloudwatch.CfnAlarm", rings.node.default_child).alarm_actions = [step.ref]
