"""What an environment has in PostHog: a dashboard, four insights, and an alert for each threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ops.posthog import queries

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from settings.environment import Environment


@dataclass(frozen=True)
class Insight:
    """A chart of SQL over the hours of a week."""

    name: str
    query: dict[str, Any]


@dataclass(frozen=True)
class Alert:
    """An e-mail when a column's newest hour is above a threshold; `insight` is the name of its insight."""

    name: str
    insight: str
    column: str
    upper: float

    @property
    def fields(self) -> dict[str, Any]:
        """Return the fields that decide when it starts, as PostHog names them."""
        return {
            "enabled": True,
            "calculation_interval": "hourly",  # the shortest interval of the free plan
            "condition": {"type": "absolute_value"},
            "config": {
                "type": "HogQLAlertConfig",
                "column": self.column,
                "evaluation": "last_row",
                "label_column": "hour",
            },
            # With a detector PostHog compares with earlier hours, and no threshold counts.
            "detector_config": None,
            "threshold": {
                "configuration": {"type": "absolute", "bounds": {"lower": None, "upper": self.upper}}
            },
        }


@dataclass(frozen=True)
class Wanted:
    """All objects of an environment. Names begin with `prefix`, by which they are found again."""

    prefix: str
    dashboard: str
    insights: Sequence[Insight]
    alerts: Sequence[Alert]


def wanted(settings: Environment) -> Wanted:
    """Return what the settings ask for."""
    prefix, alarms = f"Vitrine {settings.name} · ", settings.alarms

    def insight(name: str, hogql: Callable[[str], str], columns: Sequence[str]) -> Insight:
        return Insight(f"{prefix}{name}", _chart(hogql(settings.name), columns))

    latency = insight("Time from acceptance to report", queries.latency, ["p50_ms", "p95_ms"])
    stages = insight("Stages", queries.stages, [f"{stage}_p95_ms" for stage in queries.STAGES])
    outcomes = insight("Outcomes", queries.outcomes, ["succeeded", "failed", "failed_percent"])
    cost = insight("Cost and template texts", queries.cost, ["report_usd", "template_percent"])
    return Wanted(
        prefix,
        f"{prefix}Reports",
        (latency, stages, outcomes, cost),
        (
            Alert(f"{prefix}Reports are slow", latency.name, "judged_p95_ms", 1000.0 * alarms.report_goal_s),
            Alert(f"{prefix}Model is slow", stages.name, "judged_model_p95_ms", float(alarms.p95_latency_ms)),
            Alert(f"{prefix}Reports fail", outcomes.name, "judged_failed_percent", alarms.error_percent),
        ),
    )


def _chart(hogql: str, columns: Sequence[str]) -> dict[str, Any]:
    return {
        "kind": "DataVisualizationNode",
        "source": {"kind": "HogQLQuery", "query": hogql},
        "display": "ActionsLineGraph",
        "chartSettings": {
            "xAxis": {"column": "hour"},
            "yAxis": [{"column": column} for column in columns],
        },
    }
