"""environments/local.toml with this run's addresses."""

import tomllib
from pathlib import Path

import pytest

from cli.errors import UserError
from local.home import Home
from local.supervisor import settings
from local.supervisor.mode import MODES, Mode
from settings.environment import load_environment

PORTS = {"service": 1001, "identity": 1002, "llm": 1003, "edge": 1004}


def test_the_rendered_environment_has_the_chosen_addresses(tmp_path: Path) -> None:
    environment = load_environment(settings.render(Home(tmp_path), PORTS))
    assert environment.name == "local"
    assert environment.upstream_url == "http://127.0.0.1:1001"
    assert environment.supabase.url == "http://127.0.0.1:1002"
    assert environment.llm.base_url == "http://127.0.0.1:1003/v1"


@pytest.mark.parametrize("mode", MODES)
def test_only_addresses_mode_and_webhooks_differ_from_the_committed_environment(
    tmp_path: Path, mode: Mode
) -> None:
    rendered = tomllib.loads(settings.render(Home(tmp_path), PORTS, mode).read_text())
    committed = tomllib.loads(settings.SOURCE.read_text())
    for tree in (rendered, committed):
        del tree["upstream_url"], tree["supabase"]["url"], tree["llm"]["base_url"], tree["model"]["mode"]
        for section in ("webhook", "hooks"):
            tree.pop(section, None)
    assert rendered == committed


def test_without_supabase_there_are_no_webhooks(tmp_path: Path) -> None:
    environment = load_environment(settings.render(Home(tmp_path), PORTS))
    assert (environment.model.mode, environment.webhook, environment.hooks) == ("realtime", None, None)


def test_with_supabase_the_edge_function_is_told(tmp_path: Path) -> None:
    environment = load_environment(settings.render(Home(tmp_path), PORTS, "async"))
    assert environment.model.mode == "async"
    assert environment.webhook is not None
    assert environment.webhook.url == "http://127.0.0.1:1004/functions/v1/report-ready"
    assert environment.hooks is not None


def test_a_key_is_replaced_in_its_own_section_only() -> None:
    text = '[a]\nurl = "x" # why\n[b]\nurl = \'y\'\n# url = "z"\n'
    assert (
        settings.replace(text, {("b", "url"): "new"})
        == '[a]\nurl = "x" # why\n[b]\nurl = "new"\n# url = "z"\n'
    )


def test_a_missing_key_is_named() -> None:
    with pytest.raises(UserError, match=r"no string at \[llm\] base_url"):
        settings.replace("[llm]\nmodel = 'x'\n", {("llm", "base_url"): "new"})


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_committed_environment_that_cannot_be_read_is_told_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes | None
) -> None:
    monkeypatch.setattr(settings, "SOURCE", tmp_path / "local.toml")
    if content is not None:
        settings.SOURCE.write_bytes(content)
    with pytest.raises(UserError, match=r"local\.toml cannot be read") as raised:
        settings.render(Home(tmp_path / "home"), PORTS)
    assert "git checkout" in raised.value.hint
