"""The alarms that need metric math or several stacks: slow and failing reports, errors, tasks, traffic."""

from typing import NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from stacks.constructs.operations import alarm, alarm_on_all
from stacks.observability.sources import Sources

# Fewer errors are no incident, however large their share of a quiet period is.
FEWEST_ERRORS = 3
_FIVE_MINUTES = cdk.Duration.minutes(5)
_HOUR = cdk.Duration.hours(1)
_QUIET = cdk.Duration.hours(6)


class Window(NamedTuple):
    """A time over which the share of slow reports is measured, and the fewest reports to judge it by."""

    name: str
    words: str
    period: cdk.Duration
    fewest: int


class BurnRate(NamedTuple):
    """How fast the 5 percent of slow reports are used up: a share of slow reports in both windows."""

    name: str
    slow_percent: int
    long: Window
    short: Window


# The textbook's fastest rate, 14.4 times 5 percent, would mean 72 percent slow reports. The long window has a
# floor, so that it proves a problem; the short one proves that the problem lasts, by a single slow report.
BURN_RATES = (
    BurnRate(
        "Fast",
        30,
        Window("1h", "an hour", cdk.Duration.hours(1), 10),
        Window("5m", "5 minutes", cdk.Duration.minutes(5), 1),
    ),
    BurnRate(
        "Slow",
        10,
        Window("6h", "6 hours", cdk.Duration.hours(6), 10),
        Window("30m", "30 minutes", cdk.Duration.minutes(30), 1),
    ),
)


def slow_reports(scope: Construct, sources: Sources, goal_s: int, *, notify: str) -> None:
    """Alarm when fewer than 95 percent of the reports end within `goal_s`, at two rates."""
    for rate in BURN_RATES:
        parts = [
            alarm(
                scope,
                f"{rate.name}Burn{window.name}",
                _slow_share(sources, goal_s, window),
                rate.slow_percent,
                f"{rate.slow_percent} percent of the reports of {window.words} took over {goal_s} s",
                runbook="reports-are-slow",
                notify=None,
            )
            for window in (rate.long, rate.short)
        ]
        alarm_on_all(
            scope,
            f"{rate.name}Burn",
            parts,
            f"{rate.slow_percent} percent of the reports took over {goal_s} s, over {rate.long.words} "
            f"and still over the last {rate.short.words}",
            runbook="reports-are-slow",
            notify=notify,
        )


def failing_reports(scope: Construct, sources: Sources, error_percent: float, *, notify: str) -> None:
    """Alarm when too large a share of an hour's reports fail."""
    _share_alarm(
        scope,
        "ReportsFail",
        {
            "errors": sources.service("ReportsFailed", "Sum", _HOUR),
            "n": sources.service("ReportLatency", "SampleCount", _HOUR),
        },
        error_percent,
        "Too large a share of the reports of an hour failed",
        runbook="reports-fail",
        notify=notify,
    )


def request_errors(scope: Construct, sources: Sources, error_percent: float, *, notify: str) -> None:
    """Alarm when too large a share of five minutes' requests fail, at the gateway or in the service."""
    _share_alarm(
        scope,
        "GatewayErrors",
        {
            "errors": sources.gateway("5xx", "Sum", _FIVE_MINUTES),
            "n": sources.gateway("Count", "Sum", _FIVE_MINUTES),
        },
        error_percent,
        "The gateway answers too large a share of the requests with 5xx",
        runbook="gateway-errors",
        notify=notify,
    )
    _share_alarm(
        scope,
        "ServiceErrors",
        {
            "errors": sources.balancer("HTTPCode_Target_5XX_Count", "Sum", _FIVE_MINUTES),
            "n": sources.balancer("RequestCount", "Sum", _FIVE_MINUTES),
        },
        error_percent,
        "The service answers too large a share of the requests with 5xx",
        runbook="service-errors",
        notify=notify,
    )


def analysis_errors(scope: Construct, sources: Sources, error_percent: float, *, notify: str) -> None:
    """Alarm when too large a share of five minutes' analyses fail, however many Edge logs arrive."""
    _share_alarm(
        scope,
        "AnalysisErrors",
        {
            "errors": sources.analyses("5xx", "Sum", _FIVE_MINUTES),
            "n": sources.analyses("Count", "Sum", _FIVE_MINUTES),
        },
        error_percent,
        "The gateway answers too large a share of the analyses with 5xx",
        runbook="gateway-errors",
        notify=notify,
    )


def missing_tasks(scope: Construct, sources: Sources, min_tasks: int, *, notify: str) -> None:
    """Alarm when tasks restart repeatedly, or fewer than `min_tasks` run for minutes."""
    # ECS publishes neither restarts nor the number of tasks, but one sample of each task's CPU a minute.
    running = sources.tasks("CPUUtilization", "SampleCount", cdk.Duration.minutes(1))
    alarm(
        scope,
        "Tasks",
        _expression(f"{min_tasks} - FILL(running, 0)", {"running": running}, "missing tasks"),
        1,
        f"Fewer than {min_tasks} tasks of the service ran in three of 15 minutes: they fail or restart",
        runbook="tasks-restart",
        notify=notify,
        periods=15,
        datapoints=3,
        missing=cloudwatch.TreatMissingData.BREACHING,
    )


def no_traffic(scope: Construct, sources: Sources, *, notify: str) -> None:
    """Alarm when no report ends for six hours after each of the four times six hours before had one.

    A day's rhythm with quiet nights has a quiet window among the four, so it raises no alarm. Requests would
    not do: Edge logs and webhooks are requests too, and come without users.
    """
    reports = {"n": sources.service("ReportLatency", "SampleCount", _QUIET)}
    now_quiet = alarm(
        scope,
        "QuietNow",
        _expression("IF(FILL(n, 0) < 1, 1, 0)", reports, "no report"),
        1,
        "No report ended for six hours",
        runbook="no-traffic",
        notify=None,
        missing=cloudwatch.TreatMissingData.BREACHING,
    )
    before_busy = alarm(
        scope,
        "BusyBefore",
        _expression("FILL(n, 0)", reports, "reports"),
        1,
        "Reports ended in four of the last five times six hours",
        runbook="no-traffic",
        notify=None,
        periods=5,
        datapoints=4,
    )
    alarm_on_all(
        scope,
        "NoTraffic",
        [now_quiet, before_busy],
        "No report ended for six hours, after a day with reports around the clock",
        runbook="no-traffic",
        notify=notify,
    )


def silent_drain(scope: Construct, sources: Sources, *, notify: str) -> None:
    """Alarm when no Edge logs arrive though reports end, whose webhooks an Edge Function answers.

    Two windows in a row: the report of one window's last minutes is heard of in the next.
    """
    metrics = {
        "silent": sources.service("DrainSilent", "Minimum", _QUIET),
        "n": sources.service("ReportLatency", "SampleCount", _QUIET),
    }
    alarm(
        scope,
        "DrainSilent",
        _expression("IF(FILL(n, 0) >= 1, FILL(silent, 0), 0)", metrics, "silent drain"),
        1,
        "No Edge logs arrived for a day, though reports end and their webhooks are sent",
        runbook="a-drain-is-silent",
        notify=notify,
        periods=2,
    )


def _slow_share(sources: Sources, goal_s: int, window: Window) -> cloudwatch.MathExpression:
    metrics = {
        "n": sources.service("ReportLatency", "SampleCount", window.period),
        "ok": sources.service("ReportLatency", f"TC(:{goal_s * 1000})", window.period),
    }
    share = f"IF(FILL(n, 0) >= {window.fewest}, 100 * (n - FILL(ok, 0)) / n, 0)"
    return _expression(share, metrics, "slow reports, %")


def _share_alarm(
    scope: Construct,
    construct_id: str,
    metrics: dict[str, cloudwatch.Metric],
    error_percent: float,
    description: str,
    *,
    runbook: str,
    notify: str,
) -> None:
    # A period without errors has no sample of them.
    share = f"IF(FILL(errors, 0) >= {FEWEST_ERRORS}, 100 * FILL(errors, 0) / n, 0)"
    metric = _expression(share, metrics, "errors, %")
    alarm(scope, construct_id, metric, error_percent, description, runbook=runbook, notify=notify)


def _expression(
    expression: str, metrics: dict[str, cloudwatch.Metric], label: str
) -> cloudwatch.MathExpression:
    # All metrics of an alarm have one period.
    period = next(iter(metrics.values())).period
    return cloudwatch.MathExpression(
        expression=expression, using_metrics=dict(metrics), period=period, label=label
    )
