"""What PostHog's API accepts of dashboards, insights and alerts, and how it refuses the rest."""

import re
from collections.abc import Mapping
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

# A query that an alert can watch; a chart of SQL wraps its query.
ALERTABLE = ("HogQLQuery", "TrendsQuery")
_PAIRS = {")": "(", "]": "["}
_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'")


class RefusedError(Exception):
    """A request that PostHog refuses: status, type, code, sentence and the field at fault, if it is one."""

    def __init__(self, status: int, kind: str, code: str, detail: str, attr: str | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.body = {"type": kind, "code": code, "detail": detail, "attr": attr}


def invalid(detail: str, attr: str | None = None, code: str = "invalid_input") -> RefusedError:
    """Return the refusal of a value."""
    return RefusedError(400, "validation_error", code, detail, attr)


def not_found(detail: str = "Not found.") -> RefusedError:
    """Return the refusal of an object that is not there."""
    return RefusedError(404, "invalid_request", "not_found", detail)


class _Form(BaseModel):
    # PostHog itself ignores an unknown field; here it is refused, so that no field is set without effect.
    model_config = ConfigDict(extra="forbid", strict=True)


class _Node(_Form):
    version: float | None = None


class _HogQL(_Node):
    kind: Literal["HogQLQuery"]
    query: str


class _Axis(_Form):
    column: str
    settings: dict[str, Any] | None = None


class _Chart(_Form):
    xAxis: _Axis | None = None  # noqa: N815 PostHog's name
    yAxis: list[_Axis] | None = None  # noqa: N815 PostHog's name
    goalLines: list[dict[str, Any]] | None = None  # noqa: N815 PostHog's name
    showLegend: bool | None = None  # noqa: N815 PostHog's name


class _ChartOfHogQL(_Node):
    kind: Literal["DataVisualizationNode"]
    source: _HogQL
    display: Literal["ActionsLineGraph", "ActionsBar", "ActionsTable", "BoldNumber"] | None = None
    chartSettings: _Chart | None = None  # noqa: N815 PostHog's name


class DashboardForm(_Form):
    """A dashboard as it is created or changed."""

    name: str | None = None
    deleted: bool = False


class InsightForm(_Form):
    """An insight as it is created or changed."""

    name: str | None = None
    query: dict[str, Any] | None = None
    dashboards: list[int] | None = None
    saved: bool = True
    deleted: bool = False


class _Bounds(_Form):
    lower: float | None = None
    upper: float | None = None


class _Threshold(_Form):
    type: Literal["absolute", "percentage"]
    bounds: _Bounds | None = None


class _ThresholdForm(_Form):
    configuration: _Threshold
    name: str = ""


class _Condition(_Form):
    type: Literal["absolute_value", "relative_increase", "relative_decrease"]


class _HogQLConfig(_Form):
    type: Literal["HogQLAlertConfig"]
    column: str | None = None
    evaluation: Literal["last_row", "first_row", "any_row"] = "last_row"
    label_column: str | None = None


class _TrendsConfig(_Form):
    type: Literal["TrendsAlertConfig"]
    series_index: int
    check_ongoing_interval: bool | None = None


class QueryForm(_Form):
    """A query that is to be answered at once."""

    query: _HogQL


class AlertForm(_Form):
    """An alert as it is created or changed."""

    name: str | None = None
    insight: int | None = None
    subscribed_users: list[int] | None = None
    condition: _Condition | None = None
    threshold: _ThresholdForm | None = None
    config: _HogQLConfig | _TrendsConfig | None = None
    detector_config: dict[str, Any] | None = None
    calculation_interval: (
        Literal["real_time", "every_15_minutes", "hourly", "daily", "weekly", "monthly"] | None
    ) = None
    enabled: bool | None = None


Form = TypeVar("Form", bound=BaseModel)


def read(form: type[Form], body: object) -> Form:
    """Return a body in its form. Raises RefusedError, which names the first field at fault."""
    try:
        return form.model_validate(body)
    except ValidationError as error:
        first = error.errors()[0]
        raise invalid(first["msg"], "__".join(str(part) for part in first["loc"]) or None) from error


def read_query(query: Mapping[str, Any]) -> dict[str, Any]:
    """Return a query as PostHog stores it: with versions, and a null for what was left out.

    Raises RefusedError for a query of SQL that is none; queries of other kinds are stored as they come.
    """
    if query.get("kind") != "DataVisualizationNode":
        return dict(query)
    chart = read(_ChartOfHogQL, query)
    if not is_select(chart.source.query):
        raise invalid("The query is not a SELECT query.", "query")
    return chart.model_copy(
        update={"source": chart.source.model_copy(update={"version": chart.source.version or 1.0})}
    ).model_dump()


def is_select(text: str) -> bool:
    """Say whether a text looks like one query: it begins as one, and its brackets and quotes close."""
    bare = _QUOTED.sub("", text)
    if not re.match(r"\s*(SELECT|WITH)\s", bare, re.IGNORECASE) or "'" in bare or ";" in bare:
        return False
    opened: list[str] = []
    for sign in bare:
        if sign in _PAIRS.values():
            opened.append(sign)
        elif sign in _PAIRS and (not opened or opened.pop() != _PAIRS[sign]):
            return False
    return not opened


def kind_of(query: Mapping[str, Any]) -> str | None:
    """Return the kind of the query inside its wrappers."""
    source = query.get("source")
    return kind_of(source) if isinstance(source, Mapping) else query.get("kind")
