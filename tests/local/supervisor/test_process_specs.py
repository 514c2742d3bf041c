"""When a process must be restarted, and that every process names files that exist."""

import json
import re
from pathlib import Path

import pytest

from local.home import REPOSITORY, Home
from local.supervisor import process_specs
from local.supervisor.ports import PREFERRED
from local.supervisor.process_specs import ProcessSpec
from settings.environment import load_environment

REGION, ENDPOINT = "ca-central-1", "blip2-endpoint"
OUTPUTS = {"ExchangeBucket": "bucket", "SuccessTopic": "success", "ErrorTopic": "error"}


@pytest.fixture
def specs(tmp_path: Path) -> list[ProcessSpec]:
    home = Home(tmp_path)
    edge = process_specs.edge_functions(
        PREFERRED, database_url="", api_url="", webhook_secret="", logs_key=None
    )
    return [
        *process_specs.background(home, PREFERRED, load_environment("local")),
        process_specs.service(PREFERRED, REGION, {}),
        process_specs.page(PREFERRED, load_environment("local"), "http://127.0.0.1:4566/api"),
        process_specs.sagemaker(PREFERRED, ENDPOINT, REGION, OUTPUTS),
        process_specs.database(home, PREFERRED),
        edge,
    ]


def test_every_process_has_a_spec(specs: list[ProcessSpec]) -> None:
    assert {spec.name for spec in specs} == process_specs.PROCESSES.keys()


def test_sources_of_every_process_exist(specs: list[ProcessSpec]) -> None:
    assert [source for spec in specs for source in spec.sources if not source.exists()] == []


def test_page_is_told_its_sign_in() -> None:
    command = process_specs.page(PREFERRED, load_environment("local"), "http://127.0.0.1:4566/x").command
    config = json.loads(command[command.index("--config") + 1])
    source = (REPOSITORY / "web" / "src" / "config.ts").read_text()
    declaration = source[source.index("export interface Config") : source.index("\n}\n")]
    assert config.keys() <= set(re.findall(r"^  readonly (\w+)\??:", declaration, re.MULTILINE))
    assert config["api"] == "/api"
    assert config["supabase_url"] == "http://127.0.0.1:54321"
    assert config["goods"] == "drawn"
    assert config["demo_sign_in"] == {"email": "demo@vitrine.test", "password": "demo-password"}


@pytest.mark.parametrize(("key", "url"), [("k" * 32, "http://127.0.0.1:4566/x/hooks/logs"), (None, None)])
def test_edge_functions_send_lines_with_a_key(key: str | None, url: str | None) -> None:
    given = process_specs.edge_functions(
        PREFERRED, database_url="", api_url="http://127.0.0.1:4566/x", webhook_secret="", logs_key=key
    ).environment
    assert (given.get("VITRINE_LOGS_URL"), given.get("VITRINE_LOGS_KEY")) == (url, key)


def test_changed_code_changes_the_fingerprint(tmp_path: Path) -> None:
    source = tmp_path / "code.py"
    source.write_text("one")
    before = process_specs.fingerprint(["run"], {}, [tmp_path])
    source.write_text("two, longer")
    assert process_specs.fingerprint(["run"], {}, [tmp_path]) != before


def test_bytecode_keeps_the_fingerprint(tmp_path: Path) -> None:
    before = process_specs.fingerprint(["run"], {}, [tmp_path])
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "code.pyc").write_text("compiled")
    assert process_specs.fingerprint(["run"], {}, [tmp_path]) == before


def test_another_model_restarts_its_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def model() -> ProcessSpec:
        return process_specs.background(Home(tmp_path), PREFERRED, load_environment("local"))[0]

    monkeypatch.delenv("MODEL", raising=False)
    before = model().fingerprint
    monkeypatch.setenv("MODEL", "/models/mine")
    assert model().command[-2:] == ("--model", "/models/mine")
    assert model().fingerprint != before
