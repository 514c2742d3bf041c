"""What `up` decides before it starts anything."""

from pathlib import Path

import pytest

from cli.errors import UserError
from local.home import Home
from local.supervisor import process_specs, variables
from local.supervisor.ports import PREFERRED
from local.supervisor.up import exclusively, service_variables
from settings.environment import Environment, SettingsError, load_environment

OUTPUTS = {"ReportsTable": "reports", "ImageBucket": "images", "ImageKey": "key"}


def test_the_service_gets_what_its_stack_would_give_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_API_KEY", raising=False)
    given = service_variables(load_environment("local"), OUTPUTS)
    assert (given["REPORTS_TABLE"], given["IMAGE_BUCKET"], given["IMAGE_KEY_ID"]) == (
        "reports",
        "images",
        "key",
    )
    assert given["LLM_BASE_URL"] == load_environment("local").llm.base_url
    assert given["OPENAI_API_KEY"]


def test_with_a_key_at_hand_openai_words_the_reports(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-mine")
    given = service_variables(load_environment("local"), OUTPUTS)
    assert given["OPENAI_API_KEY"] == "sk-of-mine"
    assert given["LLM_MODEL"] == load_environment("prod").llm.model
    assert "LLM_BASE_URL" not in given
    assert given["MODEL_ENDPOINT"] == load_environment("local").model.endpoint_name


def test_a_wrong_prod_with_a_key_at_hand_is_told_with_a_cure(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(name: str) -> Environment:
        raise SettingsError(f"{name}.toml: llm.model: is missing")

    monkeypatch.setenv("OPENAI_API_KEY", "sk-of-mine")
    monkeypatch.setattr("local.supervisor.up.load_environment", wrong)
    with pytest.raises(UserError, match=r"prod\.toml: llm\.model: is missing") as raised:
        service_variables(load_environment("local"), OUTPUTS)
    assert "unset OPENAI_API_KEY" in raised.value.hint


def test_no_part_learns_of_a_real_account(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    monkeypatch.setenv("AWS_SESSION_TOKEN", "of-mine")
    monkeypatch.setenv("CDK_DEFAULT_ACCOUNT", "123456789012")
    given = {**variables.base(), **variables.aws(4566, "ca-central-1")}
    assert "of-mine" not in given.values()
    assert "production" not in given.values()
    assert "123456789012" not in given.values()
    assert given["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"


def test_loopback_is_kept_off_proxies(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "intranet.example")
    assert variables.base()["NO_PROXY"] == "intranet.example,127.0.0.1,localhost"


def test_a_part_starts_anew_when_its_code_changes(tmp_path: Path) -> None:
    source = tmp_path / "code.py"
    source.write_text("one")
    before = process_specs.fingerprint(["run"], {}, [tmp_path])
    source.write_text("two, longer")
    assert process_specs.fingerprint(["run"], {}, [tmp_path]) != before


def test_a_part_does_not_start_anew_for_compiled_files(tmp_path: Path) -> None:
    before = process_specs.fingerprint(["run"], {}, [tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "code.pyc").write_text("compiled")
    assert process_specs.fingerprint(["run"], {}, [tmp_path]) == before


def test_another_model_starts_the_model_server_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def model() -> process_specs.Part:
        return process_specs.background(Home(tmp_path), PREFERRED, "ca-central-1", "blip2-endpoint")[0]

    monkeypatch.delenv("MODEL", raising=False)
    before = model().fingerprint
    monkeypatch.setenv("MODEL", "/models/mine")
    assert model().command[-2:] == ("--model", "/models/mine")
    assert model().fingerprint != before


def test_two_commands_at_once_are_told_apart(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with exclusively(home), pytest.raises(UserError, match="is at work in"), exclusively(home):
        pass
