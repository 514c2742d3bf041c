"""The state of a synthesized alarm for given metric data, as CloudWatch evaluates it.

Metric math is evaluated for + - * /, IF, FILL and comparisons alone; an expression with anything else is an
error here, so that no alarm uses what is not evaluated. Not modelled: CloudWatch reads older periods where
recent ones lack data, and a missing value stays missing here until the alarm treats it.
"""

import ast
import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.stacks.alarm_checks import rule_parts

# Values of a metric by its name, each with its age in seconds.
Samples = Mapping[str, Sequence[tuple[float, float]]]
Value = float | None
Series = list[Value]

_ARITHMETIC: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class UnsupportedExpressionError(ValueError):
    """An expression uses more than this evaluator knows."""


def in_alarm(alarm: Mapping[str, Any], samples: Samples, *, fills_empty: bool) -> bool:
    """Return whether an alarm, by its properties, is in ALARM.

    AWS does not say whether FILL fills a metric without any value in the evaluated time: `fills_empty`.
    """
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"
    periods = alarm["EvaluationPeriods"]
    missing = {"breaching": True, "notBreaching": False}[alarm["TreatMissingData"]]
    if "MetricName" in alarm:
        statistic = alarm.get("Statistic") or alarm["ExtendedStatistic"]
        values = _series(samples.get(alarm["MetricName"], ()), alarm["Period"], periods, statistic)
    else:
        values = _math(alarm["Metrics"], samples, periods, fills_empty=fills_empty)
    breaching = [missing if value is None else value >= alarm["Threshold"] for value in values]
    needed: int = alarm.get("DatapointsToAlarm", periods)
    return breaching.count(True) >= needed


def composite_in_alarm(
    composite: Mapping[str, Any],
    parts: Mapping[str, Mapping[str, Any]],
    samples: Samples,
    *,
    fills_empty: bool,
) -> bool:
    """Return whether all alarms in a composite alarm's rule are; `parts` are those of its stack by id."""
    return all(in_alarm(parts[part], samples, fills_empty=fills_empty) for part in rule_parts(composite))


def evaluate(expression: str, series: Mapping[str, Series], *, fills_empty: bool = True) -> Series:
    """Return an expression's value for each period, None where it has none; raises for what is unknown."""
    length = len(next(iter(series.values())))
    return _evaluate(ast.parse(expression, mode="eval").body, series, length, fills_empty)


def _math(
    metrics: Sequence[Mapping[str, Any]], samples: Samples, periods: int, *, fills_empty: bool
) -> Series:
    series, answers = {}, []
    for query in metrics:
        if "MetricStat" in query:
            stat = query["MetricStat"]
            values = samples.get(stat["Metric"]["MetricName"], ())
            series[query["Id"]] = _series(values, stat["Period"], periods, stat["Stat"])
        if query.get("ReturnData", True):
            answers.append(query["Expression"])
    (expression,) = answers
    return evaluate(expression, series, fills_empty=fills_empty)


def _series(values: Sequence[tuple[float, float]], period: int, periods: int, statistic: str) -> Series:
    # Newest first. A sliding window: the newest period ends now.
    return [
        _statistic(
            [value for age, value in values if index * period <= age < (index + 1) * period], statistic
        )
        for index in range(periods)
    ]


def _statistic(values: Sequence[float], statistic: str) -> Value:
    if not values:
        return None
    match statistic:
        case "Sum":
            return sum(values)
        case "SampleCount":
            return float(len(values))
        case "Minimum":
            return min(values)
        case "Maximum":
            return max(values)
        case "Average":
            return sum(values) / len(values)
    if statistic.startswith("p"):
        rank = math.ceil(float(statistic[1:]) / 100 * len(values))
        return sorted(values)[max(0, rank - 1)]
    bounds = re.fullmatch(r"TC\((\d*):(\d*)\)", statistic)
    if bounds is None:
        raise UnsupportedExpressionError(statistic)
    # The lower bound is excluded and the upper one included.
    low, high = float(bounds[1] or "-inf"), float(bounds[2] or "inf")
    return float(sum(low < value <= high for value in values))


def _evaluate(node: ast.expr, series: Mapping[str, Series], length: int, fills_empty: bool) -> Series:
    def inner(part: ast.expr) -> Series:
        return _evaluate(part, series, length, fills_empty)

    match node:
        case ast.Constant(value=int() | float() as number):
            return [float(number)] * length
        case ast.Name(id=name) if name in series:
            return series[name]
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
            return [
                _apply(_ARITHMETIC[type(op)], a, b) for a, b in zip(inner(left), inner(right), strict=True)
            ]
        case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISONS:
            return [
                _apply(_COMPARISONS[type(op)], a, b) for a, b in zip(inner(left), inner(right), strict=True)
            ]
        case ast.Call(func=ast.Name(id="IF"), args=[condition, yes, no], keywords=[]):
            return [
                None if chosen is None else a if chosen else b
                for chosen, a, b in zip(inner(condition), inner(yes), inner(no), strict=True)
            ]
        case ast.Call(
            func=ast.Name(id="FILL"), args=[filled, ast.Constant(value=int() | float() as by)], keywords=[]
        ):
            values = inner(filled)
            if not fills_empty and all(value is None for value in values):
                return values
            return [float(by) if value is None else value for value in values]
    raise UnsupportedExpressionError(ast.unparse(node))


def _apply(function: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if left is None or right is None:
        return None
    try:
        return float(function(left, right))
    except ZeroDivisionError:
        return None
