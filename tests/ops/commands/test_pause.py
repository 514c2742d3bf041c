"""An endpoint is deleted and created again: the settings, the deployment, and what a failure leaves."""

import io
import json
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError, NoCredentialsError
from botocore.stub import Stubber
from rich.console import Console

from cli import cdk
from cli.errors import UserError
from ops.commands import pause
from ops.commands.deployed_commit import MODEL_LINES, Deployed, Source, source_of
from settings.environment import FOLDER
from tests.ops.checkout import Checkout

STACK = "vitrine-dev-model"


class Deployments:
    """Replaces the CDK: records its calls, and what the settings out then."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.deployed = Deployed()
        self.steps: list[tuple[str, bool]] = []
        self.failing: BaseException | None = None

    @contextmanager
    def record(self, _settings: object, _session: object, root: Path, _report: object) -> Iterator[None]:
        source = source_of(root, MODEL_LINES)
        self.steps.append((f"record {source}", True))
        self.deployed = self.deployed._replace(model=source)
        yield

    def run(self, command: Sequence[str], **_: Any) -> None:
        words = command[3:]
        out = tomllib.loads(self.file.read_text("utf-8"))["model"]["paused"]
        self.steps.append((f"{words[0]} {words[-1]}" if words[0] == "deploy" else words[0], out))
        if words[0] == "synth":
            assembly = Path(words[-1])
            assembly.mkdir(parents=True, exist_ok=True)
            (assembly / "manifest.json").write_text(json.dumps({"artifacts": {}}))
        elif self.failing is not None:
            raise self.failing


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """dev's settings, in a file of their own."""
    file = tmp_path / "dev.toml"
    file.write_bytes((FOLDER / "dev.toml").read_bytes())
    return file


@pytest.fixture
def deployments(file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Deployments:
    deployments = Deployments(file)
    monkeypatch.setattr(cdk, "run", deployments.run)
    monkeypatch.setattr(cdk, "TOOLS", tmp_path)
    monkeypatch.setattr(cdk, "CDK", file)
    monkeypatch.setattr(pause, "_require_deployed", lambda *_: deployments.steps.append(("account", False)))
    monkeypatch.setattr(pause, "wait_stable", lambda *_: deployments.steps.append(("wait", True)))
    monkeypatch.setattr(pause, "recorded", lambda *_: deployments.deployed)
    monkeypatch.setattr(pause, "record_model", deployments.record)
    return deployments


def go(session: boto3.Session, file: Path, *, paused: bool, any_commit: bool = False) -> str:
    out = io.StringIO()
    console = Console(file=out, soft_wrap=True)
    pause.pause(session, console, named=str(file), paused=paused, any_commit=any_commit)
    return out.getvalue()


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Checkout:
    """A repository of one commit, from which the command runs."""
    made = Checkout(tmp_path / "checkout")
    monkeypatch.setattr(cdk, "ROOT", made.folder)
    return made


def test_pause_deploys_only_the_model_stack(
    session: boto3.Session, file: Path, deployments: Deployments, checkout: Checkout
) -> None:
    before = file.read_text("utf-8")
    out = go(session, file, paused=True)
    assert deployments.steps == [
        ("account", False),
        ("synth", True),
        ("wait", True),
        (f"record {checkout.first}", True),
        (f"deploy {STACK}", True),
    ]
    assert file.read_text("utf-8") == before.replace("paused = false ", "paused = true  ")
    assert "the endpoint is deleted" in out
    assert "commit it" in out


def test_resume_restores_the_settings_file(
    session: boto3.Session, file: Path, deployments: Deployments
) -> None:
    before = file.read_bytes()
    go(session, file, paused=True)
    assert "the endpoint is back" in go(session, file, paused=False)
    assert deployments.steps[-1] == (f"deploy {STACK}", False)
    assert file.read_bytes() == before


def test_same_value_is_deployed_again(session: boto3.Session, file: Path, deployments: Deployments) -> None:
    assert "commit" not in go(session, file, paused=False)
    assert deployments.steps[-1] == (f"deploy {STACK}", False)


@pytest.mark.parametrize("stack", ["stacks", "model"])
def test_earlier_checkout_takes_nothing_back(
    session: boto3.Session, file: Path, deployments: Deployments, checkout: Checkout, stack: str
) -> None:
    before, later = file.read_bytes(), Source(checkout.commit("# two\n"))
    deployments.deployed = Deployed(Source(checkout.first))._replace(**{stack: later})
    assert "commit it" in go(session, file, paused=True)
    file.write_bytes(before)
    checkout.git("checkout", "--quiet", checkout.first)
    deployments.deployed = Deployed(Source(checkout.first))._replace(**{stack: later})
    deployments.steps.clear()
    with pytest.raises(UserError, match=f"deployed from {later}, a later commit than") as refused:
        go(session, file, paused=True)
    assert "ANY_COMMIT=1" in refused.value.hint
    assert deployments.steps == [("account", False)]
    assert file.read_bytes() == before
    # In an incident it goes on, and the account says so.
    assert f"deployed from {later}" in go(session, file, paused=True, any_commit=True)
    assert deployments.deployed.model == Source(checkout.first)


@pytest.mark.parametrize(
    ("depth", "text", "hint"),
    [
        (1, "and this clone is shallow", "Run `git fetch --unshallow`, then this again"),
        (9, "which this clone lacks", "Run `git fetch`, then check out that commit"),
        (0, "and this folder is no checkout of git", "Run this in a git checkout"),
    ],
)
def test_lacking_clone_says_what_helps(
    session: boto3.Session,
    file: Path,
    deployments: Deployments,
    checkout: Checkout,
    monkeypatch: pytest.MonkeyPatch,
    depth: int,
    text: str,
    hint: str,
) -> None:
    deployed, folder = checkout.commit("# two\n"), checkout.folder.parent / "clone"
    if depth == 1:
        # What is deployed is in the history of what is cloned, and of that the clone has one commit.
        checkout.commit("# three\n")
    else:
        checkout.git("checkout", "--quiet", checkout.first)
    if depth:
        url = f"file://{checkout.folder}"
        checkout.git("clone", "--quiet", "--no-local", "--depth", str(depth), url, str(folder))
    else:
        folder.mkdir()
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(folder.parent))
    monkeypatch.setattr(cdk, "ROOT", folder)
    deployments.deployed = Deployed(Source(deployed))
    with pytest.raises(UserError, match=text) as refused:
        go(session, file, paused=True)
    assert refused.value.hint.startswith(hint)


def test_deployment_outside_git_is_reported(
    session: boto3.Session, file: Path, deployments: Deployments, checkout: Checkout
) -> None:
    deployments.deployed = Deployed(Source(None))
    assert "from a folder outside git: no commit says" in go(session, file, paused=True)
    assert deployments.deployed == Deployed(Source(None), Source(checkout.first))


@pytest.mark.parametrize("failure", [UserError("the CDK failed"), KeyboardInterrupt()])
def test_failed_deployment_restores_settings(
    session: boto3.Session, file: Path, deployments: Deployments, failure: BaseException
) -> None:
    before = file.read_bytes()
    deployments.failing = failure
    with pytest.raises(type(failure)):
        go(session, file, paused=True)
    assert file.read_bytes() == before


@pytest.mark.parametrize("state", ["no credentials", "expired", "other account", "half-way"])
def test_wrong_account_leaves_settings_untouched(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    before, changed = file.read_bytes(), file.stat().st_mtime_ns
    session = boto3.Session(region_name="ca-central-1")
    sts, cloudformation = session.client("sts"), session.client("cloudformation")
    identities, stacks = Stubber(sts), Stubber(cloudformation)
    if state == "no credentials":
        for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
            monkeypatch.delenv(name)
        for name in ("AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
            monkeypatch.setenv(name, str(tmp_path / "none"))
        session = boto3.Session(region_name="ca-central-1")
    else:
        clients = {"sts": sts, "cloudformation": cloudformation}
        monkeypatch.setattr(session, "client", clients.__getitem__)
    if state == "expired":
        identities.add_client_error("get_caller_identity", "ExpiredToken")
    else:
        identities.add_response("get_caller_identity", {"Account": "111122223333"})
    if state == "half-way":
        empty = {"StackName": STACK, "CreationTime": datetime(2026, 11, 1, tzinfo=UTC)}
        stacks.add_response("describe_stacks", {"Stacks": [{**empty, "StackStatus": "REVIEW_IN_PROGRESS"}]})
    else:
        stacks.add_client_error("describe_stacks", "ValidationError", "does not exist")
    with identities, stacks, pytest.raises((UserError, ClientError, NoCredentialsError)) as refused:
        go(session, file, paused=True)
    if isinstance(refused.value, UserError):
        assert "Account 111122223333 has no stack vitrine-dev-model" in str(refused.value)
        assert "AWS_PROFILE" in refused.value.hint
    assert (file.read_bytes(), file.stat().st_mtime_ns) == (before, changed)
