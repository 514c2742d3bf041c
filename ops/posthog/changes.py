"""What has to change in a project so that it holds what the settings ask for, and nothing else of theirs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from ops.posthog.found import Alert, Dashboard, Found, Insight, Kind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ops.posthog.wanted import Wanted

Action = Literal["create", "change", "delete"]
Object = TypeVar("Object", Dashboard, Insight, Alert)


@dataclass(frozen=True)
class Difference:
    """A field whose value is not the wanted one; `name` is its path, as in threshold.configuration.type."""

    name: str
    before: Any
    after: Any


@dataclass(frozen=True)
class Change:
    """One object to create, change or delete.

    `body` has the fields to send. `on` names the dashboard of an insight, or the insight of an alert, where
    that has to be set; an insight stays on the dashboards `stays_on`. `subscribes` says that an alert gets
    the owner of the key as its first receiver. `note` says what else a deletion ends.
    """

    action: Action
    kind: Kind
    name: str
    id: int | str | None = None
    body: Mapping[str, Any] = field(default_factory=dict)
    differences: Sequence[Difference] = ()
    on: str = ""
    stays_on: Sequence[int] = ()
    subscribes: bool = False
    note: str = ""


@dataclass(frozen=True)
class Plan:
    """The changes in the order in which they are made, and the ids of the objects that stay, by name.

    Alerts go first, since a plan limits their number, and what others rest on goes last: after an
    interruption the rest is a plan again.
    """

    changes: Sequence[Change]
    dashboards: Mapping[str, int]
    insights: Mapping[str, int]

    def of(self, action: Action, kind: Kind | None = None) -> list[Change]:
        """Return the changes of an action, and of a kind where one is named."""
        return [one for one in self.changes if one.action == action and kind in (None, one.kind)]


def planned(wanted: Wanted, found: Found) -> Plan:
    """Compare what is wanted with what is there, by name.

    Of several objects of a wanted name the oldest stays. Only fields that are wanted are compared, since
    PostHog adds others, and people may. Objects of others are in no change.
    """
    dashboards, more_dashboards = _kept(found, found.dashboards, {wanted.dashboard})
    insights, more_insights = _kept(found, found.insights, {one.name for one in wanted.insights})
    alerts, more_alerts = _kept(found, found.alerts, {one.name for one in wanted.alerts})
    changes = [Change("delete", "alert", alert.name or "", alert.id) for alert in more_alerts]
    if wanted.dashboard not in dashboards:
        changes.append(Change("create", "dashboard", wanted.dashboard, body={"name": wanted.dashboard}))
    changes += _insight_changes(wanted, found, insights, dashboards)
    changes += _alert_changes(wanted, alerts, insights)
    for insight in more_insights:
        changes.append(
            Change("delete", "insight", insight.name or "", insight.id, note=_ends(found, insight))
        )
    changes += [Change("delete", "dashboard", one.name or "", one.id) for one in more_dashboards]
    return Plan(
        changes,
        {name: dashboard.id for name, dashboard in dashboards.items()},
        {name: insight.id for name, insight in insights.items()},
    )


def _insight_changes(
    wanted: Wanted, found: Found, kept: Mapping[str, Insight], dashboards: Mapping[str, Dashboard]
) -> Iterator[Change]:
    live = {dashboard.id for dashboard in found.dashboards}
    dashboard = dashboards.get(wanted.dashboard)
    for one in wanted.insights:
        fields = {"query": one.query}
        if (there := kept.get(one.name)) is None:
            body = {"name": one.name, "saved": True, **fields}
            yield Change("create", "insight", one.name, body=body, on=wanted.dashboard)
            continue
        different = list(differences(fields, {"query": there.query}))
        placed = dashboard is not None and dashboard.id in there.dashboards
        if not placed:
            different.append(Difference("dashboard", None, wanted.dashboard))
        if different:
            yield Change(
                "change",
                "insight",
                one.name,
                there.id,
                _sent(fields, different),
                different,
                "" if placed else wanted.dashboard,
                # PostHog refuses the id of a deleted dashboard, although it lists it.
                [identifier for identifier in there.dashboards if identifier in live],
            )


def _alert_changes(
    wanted: Wanted, kept: Mapping[str, Alert], insights: Mapping[str, Insight]
) -> Iterator[Change]:
    created = []
    for one in wanted.alerts:
        if (there := kept.get(one.name)) is None:
            body = {"name": one.name, **one.fields}
            created.append(Change("create", "alert", one.name, body=body, on=one.insight, subscribes=True))
            continue
        different = list(differences(one.fields, there.model_dump()))
        insight = insights.get(one.insight)
        watches = insight is not None and insight.id == there.insight.id
        if not watches:
            different.append(Difference("insight", there.insight.id, one.insight))
        if not there.subscribed_users:
            different.append(Difference("subscribed_users", [], "the key's owner"))
        if different:
            yield Change(
                "change",
                "alert",
                one.name,
                there.id,
                _sent(one.fields, different),
                different,
                "" if watches else one.insight,
                subscribes=not there.subscribed_users,
            )
    yield from created


def differences(wanted: object, found: object, name: str = "") -> Iterator[Difference]:
    """Yield the wanted values that are not found; null counts as absent, and what else is found as equal."""
    if isinstance(wanted, Mapping) and isinstance(found, Mapping):
        for key, value in wanted.items():
            yield from differences(value, found.get(key), f"{name}.{key}" if name else key)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from differences(one, other, f"{name}.{number}")
    elif wanted != found or isinstance(wanted, bool) != isinstance(found, bool):
        yield Difference(name, found, wanted)


def _sent(fields: Mapping[str, Any], different: Sequence[Difference]) -> dict[str, Any]:
    # A field goes as a whole: PostHog replaces it, and does not merge it.
    names = {one.name.partition(".")[0] for one in different}
    return {name: value for name, value in fields.items() if name in names}


def _kept(found: Found, objects: Sequence[Object], names: set[str]) -> tuple[dict[str, Object], list[Object]]:
    """Return the environment's oldest object of each wanted name, and its other objects."""
    kept: dict[str, Object] = {}
    more: list[Object] = []
    for one in sorted(filter(found.is_ours, objects), key=_age):
        name = one.name or ""
        if name in names and name not in kept:
            kept[name] = one
        else:
            more.append(one)
    return kept, more


def _age(one: Dashboard | Insight | Alert) -> tuple[str, int, str]:
    return (one.created_at, 0, one.id) if isinstance(one, Alert) else ("", one.id, "")


def _ends(found: Found, insight: Insight) -> str:
    watching = sum(alert.insight.id == insight.id for alert in found.alerts_of_others)
    return f"{watching} of others' alerts watch it, and end with it" if watching else ""
