"""The HogQL of the insights: a row for each of the last 168 completed hours, the newest last.

A column `judged_…` is what an alert compares: 0 where an hour has too few reports to judge it by. An alert
reads the last row, so an hour without events needs a row of its own, and a LIMIT must not cut the newest row
off: PostHog cuts a query without one after 100 rows.
"""

from __future__ import annotations

# The floors of the alarms in CloudWatch: an hour's reports, and its failed reports.
FEWEST_REPORTS, FEWEST_FAILED = 10, 3
HOURS = 7 * 24
STAGES = ("photo", "accept", "model", "narrate")
COMPLETED, FAILED = "report_completed", "report_failed"


def latency(environment: str) -> str:
    """Return the time from acceptance to the end, 50th and 95th percentile in ms."""
    return _hourly(
        environment,
        (COMPLETED, FAILED),
        {"total_ms": _number("total_ms")},
        {
            "reports": "count(total_ms)",
            "p50_ms": "quantile(0.5)(total_ms)",
            "p95_ms": "quantile(0.95)(total_ms)",
            "judged_p95_ms": _judged_p95("total_ms"),
        },
    )


def stages(environment: str) -> str:
    """Return each stage's 95th percentile in ms."""
    return _hourly(
        environment,
        (COMPLETED, FAILED),
        {f"{stage}_ms": _number(f"{stage}_ms") for stage in STAGES},
        {f"{stage}_p95_ms": f"quantile(0.95)({stage}_ms)" for stage in STAGES}
        | {"judged_model_p95_ms": _judged_p95("model_ms")},
    )


def outcomes(environment: str) -> str:
    """Return how many reports succeeded and failed, and the failed share in percent."""
    failed = f"countIf(event = '{FAILED}')"
    share = f"100 * {failed} / count(event)"
    return _hourly(
        environment,
        (COMPLETED, FAILED),
        {"event": "event"},
        {
            "succeeded": f"countIf(event = '{COMPLETED}')",
            "failed": failed,
            "failed_percent": f"if(count(event) > 0, {share}, 0)",
            "judged_failed_percent": f"if({failed} >= {FEWEST_FAILED}, {share}, 0)",
        },
    )


def cost(environment: str) -> str:
    """Return the cost of a report in USD, and the share of texts that are the template's in percent."""
    return _hourly(
        environment,
        (COMPLETED,),
        {name: _number(name) for name in ("cost_usd", "template_share")},
        {"report_usd": "avg(cost_usd)", "template_percent": "100 * avg(template_share)"},
    )


def arrived(environment: str, days: int) -> str:
    """Return a query that counts the events of the environment's ended reports within days."""
    return (  # the name of an environment has letters, digits and hyphens alone
        f"SELECT count() FROM events WHERE {_of(environment, (COMPLETED, FAILED))} "  # noqa: S608
        f"AND timestamp > now() - toIntervalDay({days})"
    )


def _hourly(
    environment: str, events: tuple[str, ...], values: dict[str, str], columns: dict[str, str]
) -> str:
    """Return the query of columns over an hour's values; an hour without events has null for each value."""
    selected = ", ".join(f"{text} AS {name}" if text != name else name for name, text in values.items())
    nothing = ", ".join(f"NULL AS {name}" for name in values)
    shown = ",\n    ".join(f"{text} AS {name}" for name, text in columns.items())
    return f"""SELECT
    hour,
    {shown}
FROM (
    SELECT toStartOfHour(timestamp) AS hour, {selected}
    FROM events
    WHERE {_of(environment, events)}
        AND timestamp >= toStartOfHour(now()) - toIntervalHour({HOURS})
        AND timestamp < toStartOfHour(now())
    UNION ALL
    SELECT toStartOfHour(now()) - toIntervalHour(number + 1) AS hour, {nothing}
    FROM numbers({HOURS})
) AS ended
GROUP BY hour
ORDER BY hour ASC
LIMIT {HOURS}"""  # noqa: S608


def _of(environment: str, events: tuple[str, ...]) -> str:
    named = ", ".join(f"'{event}'" for event in events)
    return f"event IN ({named}) AND properties.environment = '{environment}'"


def _number(name: str) -> str:
    return f"toFloat(properties.{name})"


def _judged_p95(value: str) -> str:
    return f"if(count({value}) >= {FEWEST_REPORTS}, quantile(0.95)({value}), 0)"
