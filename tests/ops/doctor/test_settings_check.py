"""What the settings say by themselves."""

from datetime import date
from typing import Any

import pytest

from ops.doctor.preflight import settings_filled, smoke_user
from settings.environment import load_environment
from tests.ops.conftest import KEY, levels, make_settings

TODAY = date(2026, 11, 24)


def test_filled_settings_are_ok() -> None:
    assert levels(settings_filled(make_settings(), TODAY)) == ["ok"]


def test_each_placeholder_fails() -> None:
    for name in ("dev", "prod"):
        findings = list(settings_filled(load_environment(name), TODAY))
        failed = [finding for finding in findings if finding.level == "failure"]
        keys = [finding.text.partition(" is still the placeholder")[0] for finding in failed]
        assert sorted(keys) == ["supabase.publishable_key", "supabase.url", "webhook.url"]


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_committed_settings_warn_of_alarms_alone(name: str) -> None:
    findings = list(settings_filled(load_environment(name), TODAY))
    warned = [finding.text for finding in findings if finding.level == "warning"]
    assert [text.partition(" ")[0] for text in warned] == ["alarms.notify"]


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_committed_demo_needs_no_gpu(name: str) -> None:
    subjects = {finding.subject for finding in settings_filled(load_environment(name), TODAY)}
    assert "demo model on a GPU" not in subjects


def test_settings_notice_warns() -> None:
    llm = {"shutdown_date": date(2026, 12, 11)}
    findings = list(settings_filled(make_settings(llm=llm), TODAY))
    assert levels(findings) == ["warning", "ok"]
    assert "shuts down on 2026-12-11" in findings[0].text


@pytest.mark.parametrize(
    ("named", "level"),
    [
        ((), "warning"),
        (("SUPABASE_SMOKE_EMAIL",), "warning"),
        (("SUPABASE_SMOKE_EMAIL", "SUPABASE_SMOKE_PASSWORD"), "ok"),
        (("VITRINE_SMOKE_TOKEN",), "ok"),
    ],
)
def test_missing_smoke_user_warns(
    monkeypatch: pytest.MonkeyPatch, named: tuple[str, ...], level: str
) -> None:
    for name in named:
        monkeypatch.setenv(name, "secret")
    (finding,) = smoke_user()
    assert finding.level == level
    assert "secret" not in finding.text + finding.hint


def test_demo_on_gpu_warns_with_price() -> None:
    gpu = {"instance_type": "ml.g4dn.xlarge", "usd_per_hour": 0.82}
    findings = list(settings_filled(make_settings(model=gpu), TODAY))
    assert levels(findings) == ["warning", "ok"]
    assert "0.82 USD an hour, 599 USD a month if it never scales to zero" in findings[0].text


RELEASED = {"artifact": KEY, "catalogue_version": "0123456789abcdef"}


@pytest.mark.parametrize("change", [RELEASED, {"paused": True}, {"instance_type": "ml.m5.large"}])
def test_needed_or_free_gpu_is_ok(change: dict[str, Any]) -> None:
    model = {"instance_type": "ml.g4dn.xlarge", **change}
    assert levels(settings_filled(make_settings(model=model), TODAY)) == ["ok"]


def test_archive_without_catalogue_version_warns() -> None:
    (warned, _) = settings_filled(make_settings(model={"artifact": KEY}), TODAY)
    assert warned.level == "warning"
    assert "model.catalogue_version is not set" in warned.text
