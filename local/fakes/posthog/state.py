"""The objects of a PostHog project: dashboards, insights and alerts, with the limits of the free plan."""

import re
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from local.fakes.posthog.forms import (
    ALERTABLE,
    AlertForm,
    DashboardForm,
    InsightForm,
    invalid,
    is_select,
    kind_of,
    not_found,
    read_query,
)

KEY, PROJECT_ID, USER_ID = "phx_local", 1, 7
FREE_ALERTS = 5
SCOPES = ("user:read", "query:read", "dashboard:write", "insight:write", "alert:write")
_BOUNDS = "At least one threshold bound (lower or upper) must be provided."
# The one query that is answered: how many events of an environment arrived within days.
_COUNT = re.compile(
    r"SELECT count\(\) FROM events WHERE event IN \(((?:'[a-z_$]+'(?:, )?)+)\) "
    r"AND properties\.environment = '([a-z0-9-]+)' AND timestamp > now\(\) - toIntervalDay\((\d+)\)"
)
Stored = dict[str, Any]


@dataclass
class Project:
    """One project of an organization on the free plan, whose objects are kept in memory.

    `teams` are the projects of the organization that the key's owner works in, whose plan allows
    `most_alerts`. `events` are those captured: each with `event`, `timestamp` (ISO 8601) and `properties`.
    """

    id: int = PROJECT_ID
    key: str = KEY
    scopes: Sequence[str] = SCOPES
    most_alerts: int | None = FREE_ALERTS
    teams: Sequence[int] = (PROJECT_ID,)
    dashboards: dict[int, Stored] = field(default_factory=dict)
    insights: dict[int, Stored] = field(default_factory=dict)
    alerts: dict[str, Stored] = field(default_factory=dict)
    events: Collection[Mapping[str, Any]] = ()
    _made: int = 0

    def user(self) -> Stored:
        """Return the owner of the key, with the organization's plan."""
        limited = {"key": "alerts", "name": "Alerts", "limit": self.most_alerts}
        features = [] if self.most_alerts == FREE_ALERTS else [limited]
        organization = {"teams": [{"id": one} for one in self.teams], "available_product_features": features}
        return {"id": USER_ID, "email": "owner@shop.example", "organization": organization}

    def create_dashboard(self, form: DashboardForm) -> Stored:
        """Return a new dashboard."""
        identifier = self._next()
        self.dashboards[identifier] = {"id": identifier, "name": _trimmed(form.name), "deleted": False}
        return self.dashboards[identifier]

    def change_dashboard(self, identifier: int, form: DashboardForm) -> Stored:
        """Return a dashboard with what the form names."""
        stored = _live(self.dashboards, identifier)
        stored.update(_given(form))
        return stored

    def create_insight(self, form: InsightForm) -> Stored:
        """Return a new insight."""
        if form.query is None:
            raise invalid("This field is required.", "query", "required")
        insight: Stored = {"id": self._next(), "name": _trimmed(form.name), "deleted": False}
        insight |= {"saved": form.saved, "query": read_query(form.query)}
        insight |= {"dashboards": self._tiles(form.dashboards or [])}
        self.insights[insight["id"]] = insight
        return insight

    def change_insight(self, identifier: int, form: InsightForm) -> Stored:
        """Return an insight with what the form names; one of another kind loses its alerts."""
        stored, given = _live(self.insights, identifier), _given(form)
        if form.query is not None:
            given["query"] = read_query(form.query)
        if form.dashboards is not None:
            given["dashboards"] = self._tiles(form.dashboards)
        stored.update(given)
        if kind_of(stored["query"]) not in ALERTABLE:
            watching = [one["id"] for one in self.alerts.values() if one["insight"]["id"] == identifier]
            for alert in watching:
                del self.alerts[alert]
        return stored

    def create_alert(self, form: AlertForm) -> Stored:
        """Return a new alert; an organization's plan limits how many there are."""
        for name in ("insight", "subscribed_users", "threshold"):
            if getattr(form, name) is None:
                raise invalid("This field is required.", name, "required")
        alert: Stored = {"id": str(uuid.uuid4()), "name": "", "enabled": True, "detector_config": None}
        alert |= {"created_at": datetime.now(UTC).isoformat(), "calculation_interval": "daily"}
        alert |= {"condition": {}, "config": None, "snoozed_until": None, "state": "Not firing"}
        alert |= self._judged(alert, form)
        if self.most_alerts is not None and len(self.alerts) >= self.most_alerts:
            raise invalid(f"Your plan is limited to {self.most_alerts} alerts.", "alert")
        self.alerts[alert["id"]] = alert
        return alert

    def change_alert(self, identifier: str, form: AlertForm) -> Stored:
        """Return an alert with what the form names."""
        if identifier not in self.alerts:
            raise not_found()
        self.alerts[identifier] |= self._judged(self.alerts[identifier], form)
        return self.alerts[identifier]

    def arrived(self, query: str, now: datetime) -> int:
        """Return how many events a query of the one answered form counts."""
        asked = _COUNT.fullmatch(query)
        if not is_select(query) or asked is None:
            raise invalid("This project answers no query but a count of events.", "query")
        since = now - timedelta(days=int(asked[3]))
        return sum(
            f"'{event['event']}'" in asked[1]
            and event["properties"].get("environment") == asked[2]
            and datetime.fromisoformat(event["timestamp"]) > since
            for event in self.events
        )

    def _judged(self, stored: Stored, form: AlertForm) -> Stored:
        given = _given(form)
        if form.insight is not None:
            insight = self.insights.get(form.insight)
            if insight is None or insight["deleted"]:
                message = f'Invalid pk "{form.insight}" - object does not exist.'
                raise invalid(message, "insight", "does_not_exist")
            given["insight"] = {"id": form.insight}
        if form.subscribed_users is not None:
            if set(form.subscribed_users) - {USER_ID}:
                raise invalid("User does not belong to the organization.", "subscribed_users")
            given["subscribed_users"] = [{"id": one} for one in form.subscribed_users]
        alert = stored | given
        if form.calculation_interval in ("real_time", "every_15_minutes"):
            message = "15-minute alert intervals require a Boost, Scale, or Enterprise platform add-on."
            raise invalid(message, "calculation_interval")
        bounds = alert["threshold"]["configuration"]["bounds"] or {}
        if bounds.get("lower") is None and bounds.get("upper") is None:
            raise invalid(_BOUNDS, "threshold__configuration")
        kind = kind_of(self.insights[alert["insight"]["id"]]["query"])
        if alert["config"] is None or not alert["config"]["type"].startswith((kind or "")[:5]):
            raise invalid(f"The alert's config does not fit an insight of kind {kind}.")
        if "type" not in alert["condition"]:
            raise invalid("Alert has an invalid condition.")
        return alert

    def _tiles(self, dashboards: Sequence[int]) -> list[int]:
        for identifier in dashboards:
            if identifier not in self.dashboards or self.dashboards[identifier]["deleted"]:
                message = f'Invalid pk "{identifier}" - object does not exist.'
                raise invalid(message, "dashboards", "does_not_exist")
        return sorted(set(dashboards))

    def _next(self) -> int:
        self._made += 1
        return self._made


def _trimmed(name: str | None) -> str:
    return (name or "").strip()


def _given(form: DashboardForm | InsightForm | AlertForm) -> Stored:
    given = form.model_dump()
    return {name: given[name] for name in form.model_fields_set}


def _live(objects: Mapping[int, Stored], identifier: int) -> Stored:
    if identifier not in objects or objects[identifier]["deleted"]:
        raise not_found()
    return objects[identifier]
