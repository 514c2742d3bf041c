"""The rendered environments/local.toml, and the variables of the processes."""

import json
import tomllib
from pathlib import Path

import pytest

from catalogue import SECOND_HAND, load
from cli.errors import UserError
from local.home import MODES, Home, Mode
from local.supervisor import configuration
from local.supervisor.configuration import base_env, emulator_env, render_environment, service_env
from settings.environment import Environment, SettingsError, load_environment

PORTS = {"service": 1001, "identity": 1002, "llm": 1003, "edge": 1004, "page": 1005, "posthog": 1006}
OUTPUTS = {"ReportsTable": "reports", "ImageBucket": "images", "ImageKey": "key"}


def test_chosen_addresses_are_rendered(tmp_path: Path) -> None:
    environment = load_environment(render_environment(Home(tmp_path), PORTS))
    assert environment.name == "local"
    assert environment.upstream_url == "http://127.0.0.1:1001"
    assert environment.supabase.url == "http://127.0.0.1:1002"
    assert environment.llm.base_url == "http://127.0.0.1:1003/v1"
    assert service_env(environment, OUTPUTS)["POSTHOG_CAPTURE_URL"] == "http://127.0.0.1:1006"


@pytest.mark.parametrize("mode", MODES)
def test_other_settings_stay_as_committed(tmp_path: Path, mode: Mode) -> None:
    rendered = tomllib.loads(render_environment(Home(tmp_path), PORTS, mode).read_text())
    committed = tomllib.loads(configuration.SOURCE.read_text())
    for tree in (rendered, committed):
        del tree["upstream_url"], tree["supabase"]["url"], tree["llm"]["base_url"], tree["model"]["mode"]
        del tree["posthog"]["host"]
        for section in ("webhook", "hooks"):
            tree.pop(section, None)
    rendered["cors_origins"] = [origin for origin in rendered["cors_origins"] if "1005" not in origin]
    assert rendered == committed


def test_page_may_upload_from_its_origins(tmp_path: Path) -> None:
    environment = load_environment(render_environment(Home(tmp_path), PORTS))
    committed = load_environment("local").cors_origins
    assert environment.cors_origins == (*committed, "http://127.0.0.1:1005", "http://localhost:1005")


def test_committed_origins_are_not_repeated(tmp_path: Path) -> None:
    environment = load_environment(render_environment(Home(tmp_path), {**PORTS, "page": 3000}))
    assert environment.cors_origins == load_environment("local").cors_origins


def test_demo_model_has_the_drawn_goods(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("MODEL", raising=False)
    environment = load_environment(render_environment(Home(tmp_path), PORTS))
    assert environment.catalogue.goods == "drawn"
    assert service_env(environment, OUTPUTS)["CATALOGUE"] == "drawn"


@pytest.mark.parametrize("model", ["Salesforce/blip2-flan-t5-xl", "of its own"])
def test_other_model_has_second_hand_goods(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, model: str
) -> None:
    if model == "of its own":
        version = json.dumps({"version": load(SECOND_HAND).version})
        (tmp_path / "catalogue.json").write_text(version)
        model = str(tmp_path)
    monkeypatch.setenv("MODEL", model)
    environment = load_environment(render_environment(Home(tmp_path), PORTS))
    assert environment.catalogue.goods == "second_hand"
    assert service_env(environment, OUTPUTS)["CATALOGUE"] == "second_hand"


def test_foreign_catalogue_of_a_model_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "catalogue.json").write_text(json.dumps({"version": "0123456789abcdef"}))
    monkeypatch.setenv("MODEL", str(tmp_path))
    with pytest.raises(UserError, match="is of the catalogue 0123456789abcdef"):
        render_environment(Home(tmp_path / "home"), PORTS)


def test_realtime_mode_has_no_webhooks(tmp_path: Path) -> None:
    environment = load_environment(render_environment(Home(tmp_path), PORTS))
    assert (environment.model.mode, environment.webhook, environment.hooks) == ("realtime", None, None)


def test_async_mode_notifies_the_edge_function(tmp_path: Path) -> None:
    environment = load_environment(render_environment(Home(tmp_path), PORTS, "async"))
    assert environment.model.mode == "async"
    assert environment.webhook is not None
    assert environment.webhook.url == "http://127.0.0.1:1004/functions/v1/report-ready"
    assert environment.hooks is not None


def test_missing_setting_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source.toml"
    source.write_text(configuration.SOURCE.read_text().replace("base_url =", "# base_url ="))
    monkeypatch.setattr(configuration, "SOURCE", source)
    with pytest.raises(UserError, match=r"no string at llm\.base_url"):
        render_environment(Home(tmp_path), PORTS)


def test_origins_that_are_no_list_are_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source.toml"
    source.write_text(configuration.SOURCE.read_text().replace("cors_origins = [", 'cors_origins = "" # ['))
    monkeypatch.setattr(configuration, "SOURCE", source)
    with pytest.raises(UserError, match="no list at cors_origins"):
        render_environment(Home(tmp_path), PORTS)


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"[model"])
def test_unreadable_source_has_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    monkeypatch.setattr(configuration, "SOURCE", tmp_path / "local.toml")
    if content is not None:
        configuration.SOURCE.write_bytes(content)
    with pytest.raises(UserError, match=r"local\.toml cannot be read") as raised:
        render_environment(Home(tmp_path / "home"), PORTS)
    assert "git checkout" in raised.value.hint


def test_service_gets_its_stacks_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    given = service_env(load_environment("local"), OUTPUTS)
    assert (given["REPORTS_TABLE"], given["IMAGE_BUCKET"], given["IMAGE_KEY_ID"]) == (
        "reports",
        "images",
        "key",
    )
    assert given["LLM_BASE_URL"] == load_environment("local").llm.base_url
    assert given["OPENAI_API_KEY"]


def test_openai_key_selects_productions_llm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-mine")
    given = service_env(load_environment("local"), OUTPUTS)
    assert given["OPENAI_API_KEY"] == "sk-of-mine"
    assert given["LLM_MODEL"] == load_environment("prod").llm.model
    assert "LLM_BASE_URL" not in given
    assert given["MODEL_ENDPOINT"] == load_environment("local").model.endpoint_name


def test_invalid_production_settings_have_a_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    def invalid(name: str) -> Environment:
        raise SettingsError(f"{name}.toml: llm.model: is missing")

    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-mine")
    monkeypatch.setattr(configuration, "load_environment", invalid)
    with pytest.raises(UserError, match=r"prod\.toml: llm\.model: is missing") as raised:
        service_env(load_environment("local"), OUTPUTS)
    assert "unset OPENAI_API_KEY" in raised.value.hint


def test_real_accounts_are_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-mine")
    monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", "123456789012")
    given = {**base_env(), **emulator_env(4566, "ca-central-1")}
    assert not {"of-mine", "production", "123456789012"} & set(given.values())
    assert given["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"


def test_loopback_bypasses_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    assert base_env()["NO_PROXY"] == "intranet.example,127.0.0.1,localhost"
