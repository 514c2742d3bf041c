"""Each synthesized alarm, on metric data for which it must start, and on data for which it must not."""

import re
from collections.abc import Mapping
from typing import Any

import pytest

from settings.environment import Environment, load_environment
from tests.stacks.alarm_checks import COMPOSITE, alarms, resources_of
from tests.stacks.alarm_evaluation import (
    Samples,
    Series,
    UnsupportedExpressionError,
    composite_in_alarm,
    evaluate,
    in_alarm,
)
from tests.stacks.assemblies import assembled, changed

MINUTE, HOUR = 60, 3600
Points = list[tuple[float, float]]


def each(step: float, until: float, value: float = 1, *, since: float = 1) -> Points:
    """Return a value every `step` seconds, from `since` to `until` seconds ago."""
    return [(since + index * step, value) for index in range(int((until - since) // step) + 1)]


def tasks(*counts: int) -> Points:
    """Return one sample for each task that ran, for each minute, the newest first."""
    return [(minute * MINUTE + 1, 20.0) for minute, count in enumerate(counts) for _ in range(count)]


FAST, SLOW = 3_000.0, 10_001.0
# A shop that is used from eight to eight, asked at nine in the evening and in the morning.
DAY_SHOP_EVENING = [*each(60, 13 * HOUR, since=HOUR), *each(60, 37 * HOUR, since=25 * HOUR)]
DAY_SHOP_MORNING = [*each(60, HOUR), *each(60, 25 * HOUR, since=13 * HOUR)]
DAY_SHOP_BEFORE_EIGHT = [*each(60, 24 * HOUR - 60, since=12 * HOUR)]

# Metric data with which an alarm starts, and with which it does not, by its id in the template.
STARTS: Mapping[str, Mapping[str, Samples]] = {
    "JobsSetAside": {"one": {"ApproximateNumberOfMessagesVisible": [(30, 1)]}},
    "WebhookSetAside": {"one": {"ApproximateNumberOfMessagesVisible": [(30, 1)]}},
    "HooksSetAside": {"many": {"ApproximateNumberOfMessagesVisible": [(30, 100_000)]}},
    "SweepFails": {"three in a row": {"Errors": [(10, 1), (310, 1), (610, 1)]}},
    "OutboxWaits": {"an hour": {"IteratorAge": [(10, 3_600_000)]}},
    "Errors": {
        "two minutes": {
            "InvocationFailures": [(10, 1), (70, 1)],
            "InvocationsProcessed": [(10, 19), (70, 19)],
            "Invocation5XXErrors": [(10, 1), (70, 1)],
            "Invocations": [(10, 20), (70, 20)],
        },
    },
    "Latency": {"two minutes": {"ModelLatency": [*each(1, 119, 10_000_000)]}},
    "Waiting": {"one": {"HasBacklogWithoutCapacity": [(30, 1)]}},
    "Idle": {
        "no data": {},
        "no request": {"ApproximateBacklogSize": each(60, HOUR, 0)},
        "the last one 15 minutes ago": {
            "ApproximateBacklogSize": each(60, HOUR, 0),
            "ModelLatency": [(15 * MINUTE, 100_000)],
        },
    },
    "Spare": {
        "short backlog": {
            "CPUUtilization": tasks(*[2] * 15),
            "ApproximateBacklogSizePerInstance": each(60, 15 * MINUTE, 4.4),
        },
        "no backlog": {
            "CPUUtilization": tasks(*[3] * 15),
            "ApproximateBacklogSizePerInstance": each(60, 15 * MINUTE, 0),
        },
    },
    "StaysAsleep": {"30 minutes": {"HasBacklogWithoutCapacity": each(60, 30 * MINUTE)}},
    "Instances": {
        "one of two": {"CPUUtilization": tasks(*[1] * 15)},
        "none": {},
        "restarts": {"CPUUtilization": tasks(2, 1, 2, 2, 1, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2)},
    },
    "FastBurn": {
        "30 percent": {"ReportLatency": [*each(60, HOUR, FAST)[:42], *each(60, HOUR, SLOW)[:18]]},
        "every one": {"ReportLatency": each(60, HOUR, SLOW)},
        "the fewest": {"ReportLatency": [*each(360, HOUR, FAST, since=301)[:7], *each(100, 299, SLOW)]},
    },
    "SlowBurn": {
        "10 percent": {
            "ReportLatency": [*each(240, 6 * HOUR, FAST)[:81], *each(100, 900, SLOW)],
        },
        "seldom": {"ReportLatency": [*each(2500, 6 * HOUR, FAST, since=1900), (60, SLOW), (90, FAST)]},
    },
    "ReportsFail": {
        "three of three": {"ReportsFailed": each(60, 180), "ReportLatency": each(60, 180)},
        "5 percent": {"ReportsFailed": each(60, 300), "ReportLatency": each(36, HOUR)},
    },
    "GatewayErrors": {
        "three of sixty": {"5xx": each(10, 30), "Count": each(5, 300)},
        "all": {"5xx": each(10, 290), "Count": each(10, 290)},
    },
    "AnalysisErrors": {
        "three of sixty": {"5xx": each(10, 30), "Count": each(5, 300)},
    },
    "ServiceErrors": {
        "three of sixty": {"HTTPCode_Target_5XX_Count": each(10, 30), "RequestCount": each(5, 300)},
    },
    "Tasks": {
        "one of two": {"CPUUtilization": tasks(*[1] * 15)},
        "none": {},
        "restarts": {"CPUUtilization": tasks(2, 1, 2, 2, 1, 2, 2, 2, 1, 2, 2, 2, 2, 2, 2)},
        "outage": {"CPUUtilization": tasks(0, 0, 0, *[2] * 12)},
    },
    "LogsSetAside": {"one": {"ApproximateNumberOfMessagesVisible": [(30, 1)]}},
    "DrainSilent": {
        "a report in each window": {
            "DrainSilent": each(HOUR, 12 * HOUR),
            "ReportLatency": [(2 * HOUR, FAST), (8 * HOUR, FAST)],
        },
    },
    "NoTraffic": {
        "around the clock": {"ReportLatency": each(60, 40 * HOUR, since=6 * HOUR)},
        "seldom": {"ReportLatency": [(age * HOUR, 1) for age in (7, 13, 19, 25)]},
    },
}
QUIET: Mapping[str, Mapping[str, Samples]] = {
    "JobsSetAside": {"none": {"ApproximateNumberOfMessagesVisible": [(30, 0)]}, "no data": {}},
    "WebhookSetAside": {"before": {"ApproximateNumberOfMessagesVisible": [(30, 0), (90, 1)]}},
    "HooksSetAside": {"no data": {}},
    "SweepFails": {"two": {"Errors": [(10, 1), (310, 0), (610, 1)]}, "not run": {}},
    "OutboxWaits": {"less": {"IteratorAge": [(10, 3_599_999)]}, "no data": {}},
    "Errors": {
        "below": {
            "InvocationFailures": each(60, 180),
            "InvocationsProcessed": each(60, 180, 20),
            "Invocation5XXErrors": each(60, 180),
            "Invocations": each(60, 180, 21),
        },
        "one minute": {
            "InvocationFailures": [(10, 9)],
            "Invocation5XXErrors": [(10, 9)],
            "Invocations": [(10, 9)],
        },
        "asleep": {},
    },
    "Latency": {
        "one minute": {"ModelLatency": each(1, 59, 10_000_000)},
        "below": {"ModelLatency": each(1, 180, 9_999_999)},
        "one in thirty": {"ModelLatency": [*each(1, 180, 1_000_000), *each(30, 180, 60_000_000)]},
    },
    "Waiting": {"asleep": {"HasBacklogWithoutCapacity": each(60, 600, 0)}},
    "Idle": {
        # Fast requests leave no backlog when it is sampled; the model's seconds are missing between them.
        "seldom and fast": {
            "ApproximateBacklogSize": each(60, HOUR, 0),
            "ModelLatency": each(14 * MINUTE, HOUR, 100_000, since=5),
        },
        "steady and fast": {
            "ApproximateBacklogSize": each(60, HOUR, 0),
            "ModelLatency": each(5, HOUR, 100_000),
        },
        "a cold start": {"ApproximateBacklogSize": [*each(60, 9 * MINUTE), *each(60, HOUR, 0, since=600)]},
        "a long request": {"ApproximateBacklogSize": each(60, HOUR)},
    },
    "Spare": {
        "no instance": {"ApproximateBacklogSizePerInstance": each(60, HOUR, 0)},
        "the last instance": {
            "CPUUtilization": tasks(*[1] * 15),
            "ApproximateBacklogSizePerInstance": each(60, HOUR, 0),
        },
        "enough to do": {
            "CPUUtilization": tasks(*[2] * 15),
            "ApproximateBacklogSizePerInstance": each(60, HOUR, 4.5),
        },
        "a busy minute": {
            "CPUUtilization": tasks(*[2] * 15),
            "ApproximateBacklogSizePerInstance": [(301, 5), *each(60, 300, 0), *each(60, 900, 0, since=361)],
        },
        "no data": {},
    },
    "StaysAsleep": {
        "a cold start": {
            "HasBacklogWithoutCapacity": [*each(60, 600), *each(60, HOUR, 0, since=600)],
        },
        "no data": {},
    },
    "Instances": {
        "enough": {"CPUUtilization": tasks(*[2] * 15)},
        "replaced once": {"CPUUtilization": tasks(2, 2, 1, 1, *[2] * 11)},
        "scaled": {"CPUUtilization": tasks(*[3] * 15)},
    },
    "FastBurn": {
        "no report": {},
        "all at the goal": {"ReportLatency": each(60, HOUR, 10_000)},
        "too few": {"ReportLatency": each(400, HOUR, SLOW)},
        "over": {"ReportLatency": [*each(60, HOUR, SLOW, since=301), *each(60, 300, FAST)]},
        "just begun": {"ReportLatency": [*each(30, HOUR, FAST, since=301), *each(60, 300, SLOW)]},
        "10 percent": {"ReportLatency": [*each(60, HOUR, FAST)[:54], *each(60, HOUR, SLOW)[:6]]},
    },
    "SlowBurn": {
        "no report": {},
        "5 percent": {"ReportLatency": [*each(60, 6 * HOUR, FAST), *each(1200, 6 * HOUR, SLOW)]},
        "too few": {"ReportLatency": each(2700, 6 * HOUR, SLOW)},
        "over": {
            "ReportLatency": [*each(60, 6 * HOUR, SLOW, since=1801), *each(60, 1800, FAST)],
        },
    },
    "ReportsFail": {
        "two": {"ReportsFailed": each(60, 120), "ReportLatency": each(60, 120)},
        "below": {"ReportsFailed": each(60, 180), "ReportLatency": each(36, HOUR)},
        "none ends": {},
        "none fails": {"ReportsFailed": each(60, HOUR, 0), "ReportLatency": each(60, HOUR)},
    },
    "GatewayErrors": {
        "two of two": {"5xx": each(10, 15), "Count": each(10, 15)},
        "three of 61": {"5xx": each(10, 30)[:3], "Count": [*each(5, 300), (2, 1)]},
        "no request": {},
        "none fails": {"Count": each(1, 300)},
    },
    "AnalysisErrors": {"two of two": {"5xx": each(10, 15), "Count": each(10, 15)}, "no request": {}},
    "ServiceErrors": {"two": {"HTTPCode_Target_5XX_Count": each(10, 15), "RequestCount": each(10, 15)}},
    "Tasks": {
        "enough": {"CPUUtilization": tasks(*[2] * 15)},
        "replaced once": {"CPUUtilization": tasks(2, 2, 1, 1, *[2] * 11)},
        "scaled": {"CPUUtilization": tasks(2, 3, 4, 6, 6, 6, 4, 3, 2, 2, 2, 2, 2, 2, 2)},
    },
    "LogsSetAside": {"none": {"ApproximateNumberOfMessagesVisible": [(30, 0)]}, "no data": {}},
    "DrainSilent": {
        "no data": {},
        "logs arrive": {"DrainSilent": each(HOUR, 12 * HOUR, 0), "ReportLatency": each(60, 12 * HOUR, FAST)},
        "quiet weekend": {"DrainSilent": each(HOUR, 12 * HOUR)},
        "first report after it": {
            "DrainSilent": each(HOUR, 12 * HOUR),
            "ReportLatency": [(30, FAST)],
        },
        "logs arrive again": {
            "DrainSilent": [(1, 0), *each(HOUR, 12 * HOUR, since=HOUR)],
            "ReportLatency": each(60, 12 * HOUR, FAST),
        },
    },
    "NoTraffic": {
        "never any": {},
        "reports": {"ReportLatency": each(60, 40 * HOUR)},
        "one report": {"ReportLatency": [*each(60, 40 * HOUR, since=6 * HOUR), (6 * HOUR - 1, 1)]},
        "evening": {"ReportLatency": DAY_SHOP_EVENING},
        "morning": {"ReportLatency": DAY_SHOP_MORNING},
        "night": {"ReportLatency": DAY_SHOP_BEFORE_EIGHT},
        "weekend": {"ReportLatency": each(60, 100 * HOUR, since=60 * HOUR)},
    },
}
# In the burn rate and traffic, the composite alarm is what notifies.
PARTS = {"FastBurn1h", "FastBurn5m", "SlowBurn6h", "SlowBurn30m", "QuietNow", "BusyBefore"}

REALTIME = changed("prod", model={"mode": "realtime", "min_instances": 2})
EDGE_LOGS = changed("prod", hooks={"logs_secret_name": "vitrine/prod/edge-logs"})


def base(name: str) -> str:
    """Return a logical id without its stack and hash."""
    return re.sub(r"[0-9A-F]{8}$", "", name.rpartition("/")[2])


def states(settings: Environment, name: str, samples: Samples) -> set[bool]:
    """Return whether an alarm of an environment starts, under both readings of FILL."""
    resources = resources_of(assembled(settings))
    (place,) = [one for one in alarms(resources) if base(one) == name]
    properties: dict[str, Any] = resources[place]["Properties"]
    if resources[place]["Type"] == COMPOSITE:
        stack = place.partition("/")[0]
        parts = {
            one.partition("/")[2]: found
            for one, found in alarms(resources).items()
            if one.startswith(f"{stack}/")
        }
        return {composite_in_alarm(properties, parts, samples, fills_empty=one) for one in (True, False)}
    return {in_alarm(properties, samples, fills_empty=one) for one in (True, False)}


def cases(scenarios: Mapping[str, Mapping[str, Samples]]) -> list[Any]:
    return [
        pytest.param(name, samples, id=f"{name}: {what}")
        for name, of_alarm in scenarios.items()
        for what, samples in of_alarm.items()
    ]


def environments(name: str) -> list[Environment]:
    """Return production, or its variants, where they have the alarm."""
    all_ = [load_environment("prod"), REALTIME, EDGE_LOGS]
    return [one for one in all_ if name in {base(found) for found in alarms(resources_of(assembled(one)))}]


@pytest.mark.parametrize(("name", "samples"), cases(STARTS))
def test_alarm_starts(name: str, samples: Samples) -> None:
    for settings in environments(name):
        assert states(settings, name, samples) == {True}


@pytest.mark.parametrize(("name", "samples"), cases(QUIET))
def test_alarm_stays_quiet(name: str, samples: Samples) -> None:
    for settings in environments(name):
        assert states(settings, name, samples) == {False}


@pytest.mark.parametrize(
    "settings",
    [load_environment(name) for name in ("dev", "local", "prod")] + [REALTIME],
    ids=["dev", "local", "prod", "realtime"],
)
def test_every_alarm_has_both_cases(settings: Environment) -> None:
    found = {base(name) for name in alarms(resources_of(assembled(settings)))} - PARTS
    assert found <= STARTS.keys()
    assert STARTS.keys() == QUIET.keys()


def test_model_that_always_fails_is_found() -> None:
    # AWS may not count failed requests as processed: only FILL then gives the share a denominator.
    samples = {"InvocationFailures": [(10, 5), (130, 5)]}
    assert True in states(load_environment("prod"), "Errors", samples)


def test_goal_moves_the_burn_rate() -> None:
    samples = {"ReportLatency": each(60, HOUR, 12_000)}
    relaxed = changed("prod", alarms={"report_goal_s": 12})
    assert states(load_environment("prod"), "FastBurn", samples) == {True}
    assert states(relaxed, "FastBurn", samples) == {False}


@pytest.mark.parametrize("name", ["GatewayErrors", "ServiceErrors"])
def test_error_percent_moves_request_alarms(name: str) -> None:
    samples = STARTS[name]["three of sixty"]
    assert states(changed("prod", alarms={"error_percent": 5.1}), name, samples) == {False}


def test_missing_values_stay_missing() -> None:
    series: Mapping[str, Series] = {"n": [1.0, None, 0.0], "m": [None, None, None]}
    assert evaluate("10 / n", series) == [10.0, None, None]
    assert evaluate("FILL(n, 7) + 1", series) == [2.0, 8.0, 1.0]
    assert evaluate("IF(FILL(n, 0) < 1, 5, n)", series) == [1.0, 5.0, 5.0]
    assert evaluate("FILL(m, 0)", series, fills_empty=False) == [None, None, None]


@pytest.mark.parametrize(
    "expression",
    ["SUM(n)", "n ** 2", "RUNNING_SUM(n)", "__import__('os')", "n and n", "n.real", "IF(n, 1)", "-n", "'a'"],
)
def test_unknown_expressions_are_refused(expression: str) -> None:
    with pytest.raises(UnsupportedExpressionError):
        evaluate(expression, {"n": [1.0]})
