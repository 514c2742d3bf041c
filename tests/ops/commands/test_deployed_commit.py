"""The commit that is deployed: what is written of a checkout, and who may not write it."""

from pathlib import Path
from typing import Any

import pytest

from cli.errors import UserError
from cli.settings_file import with_added
from ops.commands.deployed_commit import Source, deployed_source, forget, record, source_of
from settings.environment import FOLDER, Environment
from tests.ops.checkout import Checkout
from tests.ops.conftest import Stubbed

NAME, COMMIT = "/vitrine/shop/deployed-commit", "c" * 40
SOURCES = [Source(COMMIT), Source(COMMIT, changed=True), Source(None)]


class Session:
    """A session with one client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, service: str) -> Any:
        return {"ssm": self._client}[service]


@pytest.mark.parametrize("source", SOURCES, ids=str)
def test_recorded_source_is_read_again(settings: Environment, stubbed: Stubbed, source: Source) -> None:
    client, stub = stubbed("ssm")
    session: Any = Session(client)
    expected = {"Name": NAME, "Value": str(source), "Type": "String", "Tier": "Standard", "Overwrite": True}
    stub.add_response("put_parameter", {"Version": 1}, expected)
    record(settings, session, source, lambda _: None)
    stub.add_response("get_parameter", {"Parameter": {"Value": str(source)}}, {"Name": NAME})
    assert deployed_source(settings, session) == source
    stub.add_client_error("get_parameter", "ParameterNotFound")
    assert deployed_source(settings, session) is None


def test_refused_record_says_what_is_lacking(settings: Environment, stubbed: Stubbed) -> None:
    client, stub = stubbed("ssm")
    stub.add_client_error("put_parameter", "AccessDeniedException")
    session: Any = Session(client)
    with pytest.raises(
        UserError, match=f"Nothing was deployed: .* may not write the parameter {NAME}"
    ) as raised:
        record(settings, session, Source(COMMIT), lambda _: None)
    assert "ssm:PutParameter" in raised.value.hint


def test_absent_record_is_forgotten(settings: Environment, stubbed: Stubbed) -> None:
    client, stub = stubbed("ssm")
    stub.add_client_error("delete_parameter", "ParameterNotFound", expected_params={"Name": NAME})
    session: Any = Session(client)
    forget(settings, session)


def test_changes_of_the_tree_are_marked(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    text = (FOLDER / "dev.toml").read_text("utf-8")
    commit = checkout.commit(text)
    assert source_of(tmp_path) == Source(commit)
    written = with_added(text, "image_digest", "sha256:1")
    assert written != text
    checkout.file.write_text(written)
    assert source_of(tmp_path) == Source(commit)
    checkout.file.write_text(f"{written}# three\n")
    assert source_of(tmp_path) == Source(commit, changed=True)
    checkout.git("checkout", "--quiet", ".")
    (tmp_path / "added.py").touch()
    assert source_of(tmp_path) == Source(commit, changed=True)


def test_folder_outside_git_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert source_of(tmp_path) == Source(None)
    monkeypatch.setenv("PATH", str(tmp_path))  # without git
    assert source_of(tmp_path) == Source(None)
