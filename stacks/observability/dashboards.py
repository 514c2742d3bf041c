"""The dashboards: one for those who run the environment, one for its owner."""

from collections.abc import Sequence

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from services.core.metrics import MetricName
from settings.environment import Environment
from settings.model import Model
from settings.naming import PROJECT
from stacks.model.alarms import INSTANCES, backlog_without_capacity, variant_metric
from stacks.observability.sources import Queue, Sources

STAGES: tuple[MetricName, ...] = (
    *("DecodeLatency", "StoreLatency", "ModelLatency", "NarrateLatency"),
    "ReportLatency",
)
_MINUTE = cdk.Duration.minutes(1)
_FIVE_MINUTES = cdk.Duration.minutes(5)
_HOUR = cdk.Duration.hours(1)
_DAY = cdk.Duration.days(1)
# A dashboard is 24 units wide.
_THIRD, _HALF = 8, 12


def operations_dashboard(scope: Construct, settings: Environment, sources: Sources) -> None:
    """Declare the dashboard that shows which stage is slow, what fails and what waits."""
    queues: list[Queue] = ["Jobs"]
    queues += ["Webhook"] if settings.webhook is not None else []
    queues += ["Hooks"] if settings.hooks is not None else []
    queues += ["Logs"] if settings.has_edge_logs() else []
    latencies = [sources.service(stage, "p95", _FIVE_MINUTES) for stage in STAGES]
    outcomes: tuple[MetricName, ...] = ("ReportsSucceeded", "ReportsFailed", "ReportsTemplated", "LowScores")
    cloudwatch.Dashboard(
        scope,
        "Operations",
        dashboard_name=f"{PROJECT}-{settings.name}-operations",
        default_interval=cdk.Duration.hours(12),
        widgets=[
            [
                _graph("Stages, 95th percentile, ms", latencies, _HALF),
                _graph("Reports", [sources.service(name, "Sum", _FIVE_MINUTES) for name in outcomes], _HALF),
            ],
            [
                _graph(
                    "Errors",
                    [
                        sources.service("ServerErrors", "Sum", _FIVE_MINUTES),
                        sources.gateway("5xx", "Sum", _FIVE_MINUTES).with_(label="gateway 5xx"),
                        sources.gateway("4xx", "Sum", _FIVE_MINUTES).with_(label="gateway 4xx"),
                        sources.balancer("HTTPCode_Target_5XX_Count", "Sum", _FIVE_MINUTES),
                    ],
                    _THIRD,
                ),
                _graph(
                    "Queues: age of the oldest message, s",
                    [
                        *(
                            sources.queue(queue, "ApproximateAgeOfOldestMessage", _FIVE_MINUTES)
                            for queue in queues
                        ),
                        sources.service("QueueAge", "Maximum", _FIVE_MINUTES),
                    ],
                    _THIRD,
                ),
                _graph(
                    "Queues: messages",
                    [
                        sources.queue(
                            queue, "ApproximateNumberOfMessagesVisible", _FIVE_MINUTES, dead_letters=dead
                        )
                        for queue in queues
                        for dead in (False, True)
                    ],
                    _THIRD,
                ),
            ],
            _endpoint(settings, sources),
            *([_edge_logs(sources)] if settings.has_edge_logs() else []),
            [
                _graph(
                    "Tasks",
                    [sources.tasks("CPUUtilization", "SampleCount", _MINUTE).with_(label="running")],
                    _THIRD,
                ),
                _graph(
                    "Tasks: CPU and memory, %",
                    [sources.tasks(f"{name}Utilization", "Maximum", _MINUTE) for name in ("CPU", "Memory")],
                    _THIRD,
                ),
                _graph(
                    "Requests to the service",
                    [sources.balancer("RequestCount", "Sum", _FIVE_MINUTES)],
                    _THIRD,
                    right=[sources.balancer("TargetResponseTime", "p95", _FIVE_MINUTES)],
                ),
            ],
        ],
    )


def _edge_logs(sources: Sources) -> list[cloudwatch.IWidget]:
    names: tuple[MetricName, ...] = ("EdgeLogsWritten", "EdgeLogsDropped")
    return [
        _graph("Edge logs", [sources.service(name, "Sum", _FIVE_MINUTES) for name in names], 2 * _HALF),
    ]


def owners_dashboard(scope: Construct, settings: Environment, sources: Sources) -> None:
    """Declare the dashboard of reports, their time against the goal, and their cost."""
    goal = settings.alarms.report_goal_s * 1000
    within = {
        "n": sources.service("ReportLatency", "SampleCount", _DAY),
        "ok": sources.service("ReportLatency", f"TC(:{goal})", _DAY),
    }
    cost = sources.service("CostUsd", "Sum", _DAY)
    per_thousand = {"cost": cost, "n": within["n"]}
    cloudwatch.Dashboard(
        scope,
        "Owner",
        dashboard_name=f"{PROJECT}-{settings.name}-reports",
        default_interval=cdk.Duration.days(28),
        widgets=[
            [
                _graph(
                    "Reports a day",
                    [
                        sources.service("ReportsSucceeded", "Sum", _DAY).with_(label="succeeded"),
                        sources.service("ReportsFailed", "Sum", _DAY).with_(label="failed"),
                    ],
                    _HALF,
                ),
                _graph(
                    "Time from acceptance to report, ms",
                    [sources.service("ReportLatency", share, _HOUR) for share in ("p50", "p95")],
                    _HALF,
                    lines=[cloudwatch.HorizontalAnnotation(value=goal, label="goal of the 95th percentile")],
                ),
            ],
            [
                _graph(
                    "Reports within the goal, % of a day",
                    [_math("100 * FILL(ok, 0) / n", within, "within the goal")],
                    _THIRD,
                    lines=[cloudwatch.HorizontalAnnotation(value=95, label="95 %")],
                ),
                _graph("Cost a day, USD", [cost], _THIRD),
                _graph(
                    "Cost of 1,000 reports, USD",
                    [_math("1000 * cost / n", per_thousand, "of 1,000 reports")],
                    _THIRD,
                ),
            ],
        ],
    )


def _endpoint(settings: Environment, sources: Sources) -> list[cloudwatch.IWidget]:
    model = settings.model
    limit = cloudwatch.HorizontalAnnotation(value=settings.alarms.p95_latency_ms * 1000, label="alarm")
    instances = variant_metric(model, "CPUUtilization", "SampleCount", namespace=INSTANCES)
    return [
        _graph("Model requests", _model_requests(model), _THIRD),
        _graph(
            "Model latency, 95th percentile, µs",
            [variant_metric(model, "ModelLatency", "p95")],
            _THIRD,
            lines=[limit],
        ),
        _graph(
            "Endpoint: instances",
            [instances.with_(label="instances"), sources.service("ColdWakes", "Sum", _FIVE_MINUTES)],
            _THIRD,
        ),
    ]


def _model_requests(model: Model) -> list[cloudwatch.IMetric]:
    if model.mode == "realtime":
        return [variant_metric(model, name, "Sum") for name in ("Invocations", "Invocation5XXErrors")]
    return [
        *(variant_metric(model, name, "Sum") for name in ("InvocationsProcessed", "InvocationFailures")),
        backlog_without_capacity(model, _MINUTE),
    ]


def _graph(
    title: str,
    metrics: Sequence[cloudwatch.IMetric],
    width: int,
    *,
    right: Sequence[cloudwatch.IMetric] = (),
    lines: Sequence[cloudwatch.HorizontalAnnotation] = (),
) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title, left=list(metrics), right=list(right), left_annotations=list(lines), width=width
    )


def _math(expression: str, metrics: dict[str, cloudwatch.Metric], label: str) -> cloudwatch.MathExpression:
    return cloudwatch.MathExpression(
        expression=expression, using_metrics=dict(metrics), period=_DAY, label=label
    )
