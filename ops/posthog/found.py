"""The objects of a PostHog project as its API answers them, and which of them are an environment's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, Field

if TYPE_CHECKING:
    from collections.abc import Sequence

Kind = Literal["dashboard", "insight", "alert"]
# An organization without the feature has as many alerts as the free plan.
FREE_ALERTS = 5


class _Identified(BaseModel):
    id: int


class Dashboard(BaseModel):
    """A dashboard."""

    id: int
    name: str | None = None


class Insight(BaseModel):
    """An insight; `dashboards` are the ids of those that it has a tile on."""

    id: int
    name: str | None = None
    query: dict[str, Any] | None = None
    dashboards: list[int] = Field(default_factory=list)


class _Threshold(BaseModel):
    configuration: dict[str, Any] | None = None


class Alert(BaseModel):
    """An alert. Of those who get its e-mails only the number is kept."""

    id: str
    name: str | None = None
    created_at: str = ""
    insight: _Identified
    enabled: bool | None = None
    calculation_interval: str | None = None
    condition: dict[str, Any] | None = None
    config: dict[str, Any] | None = None
    detector_config: dict[str, Any] | None = None
    threshold: _Threshold | None = None
    subscribed_users: list[_Identified] = Field(default_factory=list)


class _Feature(BaseModel):
    key: str
    limit: int | None = None


class _Organization(BaseModel):
    teams: list[_Identified] = Field(default_factory=list)
    available_product_features: list[_Feature] | None = None


class User(BaseModel):
    """The owner of a personal key."""

    id: int
    organization: _Organization | None = None

    def most_alerts(self, project_id: int) -> int | None:
        """Return how many alerts the plan allows; None where it has no limit, or where that is not known.

        PostHog tells the plan of the organization that the owner works in, which may not be the project's.
        """
        organization = self.organization
        if organization is None or organization.available_product_features is None:
            return None
        if all(team.id != project_id for team in organization.teams):
            return None
        features = {feature.key: feature for feature in organization.available_product_features}
        return features["alerts"].limit if "alerts" in features else FREE_ALERTS


@dataclass(frozen=True)
class Found:
    """All objects of a project, of which those with the prefix in their names are the environment's."""

    prefix: str
    dashboards: Sequence[Dashboard]
    insights: Sequence[Insight]
    alerts: Sequence[Alert]

    def is_ours(self, one: Dashboard | Insight | Alert) -> bool:
        """Say whether an object is the environment's."""
        return (one.name or "").startswith(self.prefix)

    @property
    def alerts_of_others(self) -> list[Alert]:
        """The alerts that are not the environment's."""
        return [alert for alert in self.alerts if not self.is_ours(alert)]
