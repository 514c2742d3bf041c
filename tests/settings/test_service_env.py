"""The environment variables of services/analyze."""

from typing import Any

import pytest

from services.analyze.dependencies import AnalyzeSettings
from services.core.auth.users import AllowedUsers, SupabaseSettings
from settings.environment import environment_names, load_environment
from settings.service_env import (
    analyze_variables,
    authorizer_variables,
    log_variables,
    posthog_variables,
)
from tests.stacks.assemblies import changed, full_environment

SECRETS = {"OPENAI_API_KEY", "SUPABASE_LEGACY_SECRET"}
NAMES: dict[str, Any] = {
    "reports_table": "reports",
    "image_bucket": "images",
    "image_key_id": "key",
    "jobs_queue_url": "https://queue/jobs",
    "exchange_bucket": "exchange",
    "exchange_key_id": "key",
}


def test_users_hash_by_their_environment() -> None:
    keys = {load_environment(name).user_hash_key for name in environment_names()}
    assert len(keys) == len(environment_names())
    named = changed("prod", log_user_key="0" * 64)
    assert log_variables(named, "1")["USER_HASH_KEY"] == "0" * 64


@pytest.mark.parametrize("name", environment_names())
def test_service_reads_exactly_these_variables(name: str) -> None:
    read = {field.upper() for field in AnalyzeSettings.model_fields} - SECRETS
    optional = {"LLM_BASE_URL", "LLM_REASONING_EFFORT", "SUPABASE_ISSUER", "DEPARTMENTS"}
    optional |= {"EXCHANGE_BUCKET", "EXCHANGE_KEY_ID", "LISTING_LANGUAGES"}
    optional |= {"POSTHOG_CAPTURE_URL", "POSTHOG_PROJECT_KEY"}
    environment = load_environment(name)
    given = {*analyze_variables(environment, **NAMES), *posthog_variables(environment)}
    # The log context reads the third of these by itself.
    given |= log_variables(environment, "1").keys() - {"USER_HASH_KEY"}
    assert read - optional <= given <= read


def test_events_go_to_the_region() -> None:
    project = {"project_key": "phc_shop1", "project_id": 7, "region": "eu"}
    given = posthog_variables(changed("prod", posthog=project))
    assert given == {
        "POSTHOG_CAPTURE_URL": "https://eu.i.posthog.com",
        "POSTHOG_PROJECT_KEY": "phc_shop1",
    }
    assert posthog_variables(load_environment("prod")) == {}


@pytest.mark.parametrize("name", environment_names())
def test_service_accepts_the_variables(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment = load_environment(name)
    for variable, value in analyze_variables(environment, **NAMES).items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    settings = AnalyzeSettings()
    assert settings.quota_per_day == environment.quota_per_day
    assert settings.llm_usd_per_mtok_output == environment.llm.usd_per_mtok_output


def test_service_selects_the_settings_goods(monkeypatch: pytest.MonkeyPatch) -> None:
    for variable, value in analyze_variables(full_environment(), **NAMES).items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    settings = AnalyzeSettings()
    assert set(settings.selected().departments) == {"shoes", "bags"}
    assert settings.wear_tiles == 4
    assert settings.listing_languages == ("en", "fr")


@pytest.mark.parametrize(
    ("goods", "wear_tiles", "large"),
    [("photo", 0, True), ("drawn", 0, False), ("second_hand", 0, False), ("second_hand", 4, True)],
)
def test_model_that_looks_nearer_gets_large_photos(
    monkeypatch: pytest.MonkeyPatch, goods: str, wear_tiles: int, large: bool
) -> None:
    chosen = {"goods": goods, "wear_tiles": wear_tiles}
    for variable, value in analyze_variables(changed("local", catalogue=chosen), **NAMES).items():
        monkeypatch.setenv(variable, value)
    monkeypatch.setenv("OPENAI_API_KEY", "key")
    assert AnalyzeSettings().large_photos is large


def test_none_gives_no_variable() -> None:
    given = analyze_variables(load_environment("prod"), **{**NAMES, "image_key_id": None})
    assert not {"IMAGE_KEY_ID", "LLM_BASE_URL", "SUPABASE_ISSUER"} & set(given)
    assert given["LLM_REASONING_EFFORT"] == "none"


def test_issuer_is_a_variable() -> None:
    given = analyze_variables(full_environment(), **NAMES)
    assert given["SUPABASE_ISSUER"] == "https://auth.shop.example/auth/v1"


def test_allowed_users_reach_both_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    roles = ["authenticated", "moderator"]
    environment = changed("prod", supabase={"roles": roles, "allow_anonymous": True})
    for variables in (analyze_variables(environment, **NAMES), authorizer_variables(environment.supabase)):
        for variable in ("SUPABASE_URL", "SUPABASE_ROLES", "SUPABASE_ALLOW_ANONYMOUS"):
            monkeypatch.setenv(variable, variables[variable])
        assert SupabaseSettings().allowed_users == AllowedUsers(frozenset(roles), anonymous=True)
