"""The roles allow exactly what the commands of the pipeline call.

Calls by a role of the bootstrap, which a command assumes, are held against that role's policies.
"""

import hashlib
from collections.abc import Sequence
from functools import partial
from io import StringIO
from types import SimpleNamespace
from typing import TYPE_CHECKING, cast

import pytest
from boto3.exceptions import S3UploadFailedError
from rich.console import Console

from cli.errors import UserError
from cli.findings import Finding, passed
from ops.aws.account import NEEDED, published_outputs
from ops.aws.archive import upload
from ops.commands.deploy import deploy
from ops.commands.drift import drift
from ops.commands.endpoint_checks import async_answers
from ops.commands.forward import forward
from ops.commands.image import image
from ops.commands.promote import running_digest
from ops.commands.rollback import rollback
from ops.doctor.preflight import preflight
from settings.environment import FOLDER, Environment
from settings.naming import STACKS, stack_name
from tests.ops.checkout import Checkout
from tests.stacks.delivery.account import DIGEST, Account, Session
from tests.stacks.delivery.bootstrap import bootstrap_policies
from tests.stacks.delivery.calls import RELEASED, Calls, Request
from tests.stacks.delivery.policies import Document, allows
from tests.stacks.delivery.roles import PROD, bootstrap_role, delivered
from tests.stacks.test_permissions import listed

if TYPE_CHECKING:
    import boto3

ARCHIVE, EARLIER = b"archive", f"sha256:{'b' * 64}"
# Actions that no call of boto3 shows, and what asks for them.
UNCALLED = {
    **dict.fromkeys(
        (
            *("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:InitiateLayerUpload"),
            *("ecr:UploadLayerPart", "ecr:CompleteLayerUpload", "ecr:PutImage"),
        ),
        "docker pushes an image",
    ),
    "ecr:GetDownloadUrlForLayer": "skopeo saves an image, to be pushed to the next environment",
    "kms:Decrypt": "S3, in the role's name: an answer is read, the parts of an archive are joined",
    "kms:GenerateDataKey": "S3, in the role's name: what is put is encrypted",
}


@pytest.fixture(scope="module")
def settings() -> Environment:
    """Production with a pipeline; `archive` is the model's."""
    key = f"models/{hashlib.sha256(ARCHIVE).hexdigest()}/blip2-endpoint.tar.gz"
    url, webhook = "https://project.shop.example", PROD.webhook
    assert webhook is not None
    return PROD.model_copy(
        update={
            "model": PROD.model.model_copy(update={"artifact": key}),
            "supabase": PROD.supabase.model_copy(update={"url": url, "publishable_key": "sb_publishable_1"}),
            "webhook": webhook.model_copy(update={"url": url}),
            "image_digest": DIGEST,
        }
    )


@pytest.fixture(scope="module")
def findings(settings: Environment) -> list[Finding]:
    """What the pipeline's run of `make deploy` finds first, with the rights of its role alone."""
    account = Account(settings, rights=delivered(PROD).deploy.documents)
    return preflight(settings, cast("boto3.Session", Session(account)), archive_given=True)


@pytest.fixture(scope="module")
def called(
    settings: Environment, findings: list[Finding], tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Calls]:
    """The calls of `make deploy`, its smoke test, `make smoke`, `forward`, `image`, `digest` and `rollback`.

    By the ARN of the role; the workflow's own have none.
    """
    account, folder = Account(settings), tmp_path_factory.mktemp("deployment")
    session, console = cast("boto3.Session", Session(account)), Console(file=StringIO())
    file = folder / "prod.toml"
    file.write_bytes((FOLDER / "prod.toml").read_bytes())
    archive = folder / "blip2-endpoint.tar.gz"
    archive.write_bytes(ARCHIVE)
    checkout = Checkout(folder / "checkout")
    outputs = dict.fromkeys(NEEDED, "https://api.shop.example")
    stacks = [stack_name(settings.name, stack) for stack in STACKS]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ops.commands.deploy.preflight", lambda *_, **__: findings)
        patch.setattr("cli.cdk.ROOT", checkout.folder)
        patch.setattr("ops.commands.deploy.check_goods", lambda *_: None)
        patch.setattr("ops.commands.deploy.synthesize", lambda *_: folder)
        patch.setattr("cli.cdk.assembly_stacks", lambda _: dict.fromkeys(stacks))
        patch.setattr("cli.cdk.stacks_to_delete", lambda _: [])
        patch.setattr("cli.cdk.run_cdk", lambda _: None)
        patch.setattr("ops.commands.deploy.read_outputs", lambda _: outputs)
        patch.setattr("ops.commands.smoke._check_authorizer", lambda *_: None)
        patch.setattr("ops.commands.internal_checks.async_answers", partial(async_answers, within_s=0.01))
        patch.setattr("ops.commands.endpoint_checks._POLL_S", 0.0)
        patch.setenv("CONTAINER_TOOL", "sh")
        patch.setattr("ops.commands.image.run", lambda *_, **__: None)
        # The endpoint answers with a failure, so every call about it is made.
        with pytest.raises(UserError, match="failed to answer"):
            deploy(settings, session, console, named="prod", archive=archive, confirm=False)
        published_outputs(settings, session)
        forward(
            settings, session, named=str(file), any_model=False, report=lambda _: None, root=checkout.folder
        )
        image(settings, session.client("ecr"), lambda _: None, checkout.folder)
        patch.setattr("ops.aws.bootstrap_roles.boto3", SimpleNamespace(Session=account.assumed))
        assert running_digest(settings, session) == DIGEST
        rollback(
            settings, session, named=str(file), digest=EARLIER, report=lambda _: None, root=checkout.folder
        )
        # An archive of gigabytes is uploaded in parts, and taken away again where one fails.
        with archive.open("r+b") as content:
            content.truncate(9_000_000)
        with pytest.raises(S3UploadFailedError):
            upload(session.client("s3"), archive, "artifacts", settings.model.artifact)
    return account.calls


@pytest.fixture
def looked(settings: Environment, monkeypatch: pytest.MonkeyPatch) -> dict[str, Calls]:
    """The calls of `make drift`."""
    account = Account(settings)
    monkeypatch.setattr("ops.aws.bootstrap_roles.boto3", SimpleNamespace(Session=account.assumed))
    session = cast("boto3.Session", Session(account))
    assert drift(settings, session, Console(file=StringIO()), as_data=False) == 0
    return account.calls


def refused(calls: dict[str, Calls], own: Sequence[Document], assumed: str) -> set[Request]:
    """Return the calls that the workflow's role, or the bootstrap's that it assumes, may not make."""
    documents = {"": own, bootstrap_role(assumed, PROD): bootstrap_policies(assumed, PROD)}
    assert calls.keys() == documents.keys()
    return {one for role, made in calls.items() for one in made if not allows(documents[role], *one)}


@pytest.mark.system
def test_deploy_role_allows_every_call(called: dict[str, Calls]) -> None:
    assert refused(called, delivered(PROD).deploy.documents, "deploy") == set()


@pytest.mark.system
def test_lookup_role_allows_drift(looked: dict[str, Calls]) -> None:
    assert refused(looked, delivered(PROD).lookup.documents, "lookup") == set()


def test_pipelines_preflight_stops_nothing(findings: list[Finding]) -> None:
    assert passed(findings)
    subjects = [one.subject for one in findings]
    of_account = findings[subjects.index("credentials") + 1 :]
    assert {"model archive", "image"} <= {one.subject for one in of_account if one.level == "ok"}
    others = [one.text for one in of_account if one.level != "ok"]
    assert len(others) > 8
    assert all(one.startswith("not checked: these credentials may not call ") for one in others)


def test_role_allows_only_calls(called: dict[str, Calls]) -> None:
    role = delivered(PROD).deploy
    granted = {
        action
        for one in role.documents
        for statement in one["Statement"]
        for action in listed(statement["Action"])
    }
    assert granted == {request.action for request in called[""]} | UNCALLED.keys() | RELEASED
