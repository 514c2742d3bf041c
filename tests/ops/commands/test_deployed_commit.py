"""The commit that is deployed: what is written of a checkout, and who may not write it."""

from pathlib import Path
from typing import Any

import pytest

from cli.errors import UserError
from cli.settings_file import with_added, with_value
from ops.commands.deployed_commit import (
    MODEL_LINES,
    Deployed,
    Source,
    forget,
    record,
    record_model,
    recorded,
    source_of,
)
from ops.commands.pause import with_archive
from settings.environment import FOLDER, Environment
from tests.ops.checkout import Checkout
from tests.ops.conftest import Stubbed

NAME, COMMIT = "/vitrine/shop/deployed-commit", "c" * 40
SOURCES = [Source(COMMIT), Source(COMMIT, changed=True), Source(None)]
RECORDS = [
    *(Deployed(source) for source in SOURCES),
    *(Deployed(stacks, Source("d" * 40, changed=True)) for stacks in (None, *SOURCES)),
    Deployed(Source(COMMIT), Source(None)),
]


class Session:
    """A session with one client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def client(self, service: str) -> Any:
        return {"ssm": self._client}[service]


def written(value: str) -> dict[str, Any]:
    return {"Name": NAME, "Value": value, "Type": "String", "Tier": "Standard", "Overwrite": True}


@pytest.mark.parametrize("deployed", RECORDS, ids=str)
def test_record_is_read_again(settings: Environment, stubbed: Stubbed, deployed: Deployed) -> None:
    client, stub = stubbed("ssm")
    session: Any = Session(client)
    stub.add_response("put_parameter", {"Version": 1}, written(str(deployed)))
    record(settings, session, deployed, lambda _: None)
    stub.add_response("get_parameter", {"Parameter": {"Value": str(deployed)}}, {"Name": NAME})
    assert recorded(settings, session) == deployed
    stub.add_client_error("get_parameter", "ParameterNotFound")
    assert recorded(settings, session) == Deployed()


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (COMMIT, f"{COMMIT}; model stack: HEAD"),
        (f"{COMMIT}; model stack: {'e' * 40}", f"{COMMIT}; model stack: HEAD"),
        (f"HEAD; model stack: {'e' * 40}", "HEAD"),
        (None, "an unknown commit; model stack: HEAD"),
    ],
)
def test_model_stack_claims_no_other(
    settings: Environment, stubbed: Stubbed, tmp_path: Path, before: str | None, after: str
) -> None:
    head = Checkout(tmp_path).first
    client, stub = stubbed("ssm")
    session: Any = Session(client)
    if before is None:
        stub.add_client_error("get_parameter", "ParameterNotFound")
    else:
        found = {"Parameter": {"Value": before.replace("HEAD", head)}}
        stub.add_response("get_parameter", found, {"Name": NAME})
    stub.add_response("put_parameter", {"Version": 1}, written(after.replace("HEAD", head)))
    with record_model(settings, session, tmp_path, lambda _: None):
        pass


@pytest.mark.parametrize("stacks", [True, False])
def test_failed_take_back_keeps_the_record(
    settings: Environment, stubbed: Stubbed, tmp_path: Path, stacks: bool
) -> None:
    checkout = Checkout(tmp_path)
    first, later = checkout.first, checkout.commit("# two\n")
    before = later if stacks else f"{first}; model stack: {later}"
    client, stub = stubbed("ssm")
    session: Any = Session(client)
    stub.add_response("get_parameter", {"Parameter": {"Value": before}}, {"Name": NAME})
    checkout.git("checkout", "--quiet", first)
    taken_back = f"{later}; model stack: {first}" if stacks else first
    for value in (taken_back, before):
        stub.add_response("put_parameter", {"Version": 1}, written(value))
    with pytest.raises(KeyboardInterrupt), record_model(settings, session, tmp_path, lambda _: None):
        raise KeyboardInterrupt
    stub.assert_no_pending_responses()


def test_failed_later_commit_counts(settings: Environment, stubbed: Stubbed, tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    later = checkout.commit("# two\n")
    client, stub = stubbed("ssm")
    session: Any = Session(client)
    stub.add_response("get_parameter", {"Parameter": {"Value": checkout.first}}, {"Name": NAME})
    value = f"{checkout.first}; model stack: {later}"
    stub.add_response("put_parameter", {"Version": 1}, written(value))
    with pytest.raises(UserError), record_model(settings, session, tmp_path, lambda _: None):
        raise UserError("The CDK failed.")


def test_refused_record_says_what_is_lacking(settings: Environment, stubbed: Stubbed) -> None:
    client, stub = stubbed("ssm")
    stub.add_client_error("put_parameter", "AccessDeniedException")
    session: Any = Session(client)
    with pytest.raises(
        UserError, match=f"Nothing was deployed: .* may not write the parameter {NAME}"
    ) as raised:
        record(settings, session, Deployed(Source(COMMIT)), lambda _: None)
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


def test_what_a_release_writes_is_no_change(tmp_path: Path) -> None:
    checkout = Checkout(tmp_path)
    text = (FOLDER / "dev.toml").read_text("utf-8")
    commit = checkout.commit(text)
    released = with_archive(text, "models/1/a.tar.gz", "0" * 16)
    checkout.file.write_text(with_value(released, "model.paused", value=True))
    assert source_of(tmp_path, MODEL_LINES) == Source(commit)
    assert source_of(tmp_path) == Source(commit, changed=True)
    checkout.file.write_text(released.replace("min_instances", "max_instances", 1))
    assert source_of(tmp_path, MODEL_LINES) == Source(commit, changed=True)


def test_folder_outside_git_has_no_commit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert source_of(tmp_path) == Source(None)
    monkeypatch.setenv("PATH", str(tmp_path))  # without git
    assert source_of(tmp_path) == Source(None)
