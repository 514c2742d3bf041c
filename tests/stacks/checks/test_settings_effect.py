"""The check that every setting has an effect."""

import pytest

from settings.environment import Environment
from settings.schema import Alarms
from stacks.checks import settings_effect
from stacks.checks.settings_effect import CHANGES, READ_BY_COMMANDS, dead_settings, has_effect, keys


def test_unread_key_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    class WithBudget(Alarms):
        monthly_budget_usd: float = 250.0

    class Settings(Environment):
        alarms: WithBudget

    monkeypatch.setattr(settings_effect, "Environment", Settings)
    monkeypatch.setattr(settings_effect, "keys", lambda: ["alarms.monthly_budget_usd", "quota_per_day"])
    (line,) = dead_settings()
    assert line.startswith("alarms.monthly_budget_usd: a change of it changes no template")


@pytest.mark.parametrize("key", ["alarms.p95_latency_ms", "llm.shutdown_date", "domain.hosted_zone_name"])
def test_effective_key_passes(key: str) -> None:
    assert has_effect(key)


def test_keys_include_nested_sections() -> None:
    assert {"region", "model.schedule.days", "throttle.hooks.burst"} <= set(keys())
    assert "name" not in set(keys())


def test_listed_keys_exist() -> None:
    assert {*CHANGES, *READ_BY_COMMANDS} <= set(keys())
