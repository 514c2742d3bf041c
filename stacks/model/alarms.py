"""The alarms of the endpoint: those that roll a new version back, and those of its instances."""

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from settings.model import Model
from settings.schema import Alarms
from stacks.constructs.operations import alarm

VARIANT = "AllTraffic"
NAMESPACE = "AWS/SageMaker"
INSTANCES = "/aws/sagemaker/Endpoints"
# Without a request, after which an endpoint that scales to zero stops its instances.
IDLE_MINUTES = 15
_MINUTE = cdk.Duration.minutes(1)


def rollback_alarms(scope: Construct, model: Model, alarms: Alarms, *, notify: str) -> list[cloudwatch.Alarm]:
    """Declare the alarms that roll an endpoint back: too many failed requests, too high a latency."""
    if model.mode == "async":
        failed = variant_metric(model, "InvocationFailures", "Sum")
        # AWS does not document whether failed requests count as processed; this is right in both cases.
        share = "100 * FILL(failed, 0) / (FILL(failed, 0) + FILL(all, 0))"
        used = {"failed": failed, "all": variant_metric(model, "InvocationsProcessed", "Sum")}
    else:
        share = "100 * FILL(failed, 0) / all"
        used = {
            "failed": variant_metric(model, "Invocation5XXErrors", "Sum"),
            "all": variant_metric(model, "Invocations", "Sum"),
        }
    errors = cloudwatch.MathExpression(
        expression=share, using_metrics=used, period=_MINUTE, label="failed requests, %"
    )
    latency = variant_metric(model, "ModelLatency", "p95")
    # ModelLatency is in microseconds. One bad minute does not mean a bad version.
    return [
        alarm(
            scope,
            name,
            metric,
            threshold,
            description,
            runbook=runbook,
            notify=notify,
            periods=3,
            datapoints=2,
        )
        for name, metric, threshold, description, runbook in (
            (
                "Errors",
                errors,
                alarms.error_percent,
                "Too large a share of the model's requests fail",
                "model-errors",
            ),
            (
                "Latency",
                latency,
                alarms.p95_latency_ms * 1000,
                "The model's 95th percentile latency is too high",
                "model-latency",
            ),
        )
    ]


def instance_alarm(scope: Construct, model: Model, *, notify: str) -> cloudwatch.Alarm:
    """Declare the alarm of an endpoint without the instances that it should have.

    An endpoint with a minimum of instances has lost some, repeatedly or for minutes; one that scales to zero
    does not wake.
    """
    if model.min_instances == 0:
        return alarm(
            scope,
            "StaysAsleep",
            backlog_without_capacity(model, cdk.Duration.minutes(5)),
            1,
            "Requests have waited for 30 minutes and the endpoint still has no instance",
            runbook="endpoint-stays-asleep",
            notify=notify,
            periods=6,
        )
    # Each instance reports its utilization once a minute, so the number of samples is that of instances.
    running = variant_metric(model, "CPUUtilization", "SampleCount", namespace=INSTANCES)
    missing = cloudwatch.MathExpression(
        expression=f"{model.min_instances} - FILL(running, 0)",
        using_metrics={"running": running},
        period=_MINUTE,
        label="missing instances",
    )
    return alarm(
        scope,
        "Instances",
        missing,
        1,
        "The endpoint has fewer instances than its minimum, for three of 15 minutes: they fail or restart",
        runbook="endpoint-instances",
        notify=notify,
        periods=15,
        datapoints=3,
        missing=cloudwatch.TreatMissingData.BREACHING,
    )


def idle(scope: Construct, model: Model) -> cloudwatch.Alarm:
    """Declare the alarm of an endpoint to which no request has come for IDLE_MINUTES; it notifies no one.

    A request that waits or runs is in the backlog; one that begins and ends between its samples is not. Hence
    the number of those answered, whose metric has no values in minutes without any. No data means idle.
    """
    nothing = cloudwatch.MathExpression(
        expression="IF(FILL(backlog, 0) > 0, 0, FILL(answered, 0) < 1)",
        using_metrics={
            "backlog": _backlog(model, "ApproximateBacklogSize", "Maximum"),
            "answered": variant_metric(model, "ModelLatency", "SampleCount"),
        },
        period=_MINUTE,
        label="idle minutes",
    )
    return alarm(
        scope,
        "Idle",
        nothing,
        1,
        f"No request has come for {IDLE_MINUTES} minutes, after which this alarm stops all instances",
        runbook="endpoint-stays-asleep",
        notify=None,
        periods=IDLE_MINUTES,
        missing=cloudwatch.TreatMissingData.BREACHING,
    )


def spare_instance(scope: Construct, model: Model, backlog: int) -> cloudwatch.Alarm:
    """Declare the alarm of more than one instance, each with clearly fewer queued requests than `backlog`.

    It rings as that of target tracking would, 10 % below the target for 15 minutes, and notifies no one.
    """
    running = variant_metric(model, "CPUUtilization", "SampleCount", namespace=INSTANCES)
    few = cloudwatch.MathExpression(
        expression=f"IF(running > 1, FILL(each, 0) < {0.9 * backlog:g}, 0)",
        using_metrics={
            "running": running,
            "each": _backlog(model, "ApproximateBacklogSizePerInstance", "Average"),
        },
        period=_MINUTE,
        label="minutes with an instance to spare",
    )
    return alarm(
        scope,
        "Spare",
        few,
        1,
        "Few requests wait at each of several instances, of which this alarm stops one",
        runbook="endpoint-stays-asleep",
        notify=None,
        periods=15,
    )


def backlog_without_capacity(model: Model, period: cdk.Duration) -> cloudwatch.Metric:
    """Return the metric that is 1 while requests wait and the endpoint has no instance."""
    return _backlog(model, "HasBacklogWithoutCapacity", "Maximum", period)


def _backlog(model: Model, name: str, statistic: str, period: cdk.Duration = _MINUTE) -> cloudwatch.Metric:
    return cloudwatch.Metric(
        namespace=NAMESPACE,
        metric_name=name,
        dimensions_map={"EndpointName": model.endpoint_name},
        statistic=statistic,
        period=period,
    )


def variant_metric(
    model: Model, name: str, statistic: str, *, namespace: str = NAMESPACE
) -> cloudwatch.Metric:
    """Return a metric of the endpoint's one variant, by the minute."""
    return cloudwatch.Metric(
        namespace=namespace,
        metric_name=name,
        dimensions_map={"EndpointName": model.endpoint_name, "VariantName": VARIANT},
        statistic=statistic,
        period=_MINUTE,
    )
