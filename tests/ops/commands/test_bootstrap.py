"""An account's region is prepared: the CDK's bootstrap, service-linked roles, and scans of images."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError
from moto import mock_aws

from cli import cdk
from ops.__main__ import main
from ops.aws.linked_roles import LINKED_SERVICES, create_linked_role
from settings.environment import FOLDER

ACCOUNT, REPOSITORY = "123456789012", "cdk-{}-container-assets-123456789012-ca-central-1"
POLICY = "arn:aws:iam::123456789012:policy/vitrine-dev-deployment"
Ran = list[tuple[list[str], Path]]


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> Iterator[Ran]:
    """The CDK's calls; each makes the repository that it is told to."""
    commands: Ran = []

    def run(command: list[str], folder: Path, variables: object) -> None:
        commands.append((command[3:], folder))
        qualifier = command[command.index("--qualifier") + 1]
        boto3.client("ecr", "ca-central-1").create_repository(repositoryName=REPOSITORY.format(qualifier))

    monkeypatch.setattr(cdk, "run", run)
    with mock_aws():
        yield commands


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """dev's settings with a bootstrap of their own."""
    file = tmp_path / "dev.toml"
    section = f'[bootstrap]\nqualifier = "vitdev"\nexecution_policies = ["{POLICY}"]\n'
    file.write_text(f"{(FOLDER / 'dev.toml').read_text('utf-8')}\n{section}")
    return file


def made(role: str) -> None:
    """Make a role, as the CDK's bootstrap does."""
    trust = '{"Version": "2012-10-17", "Statement": []}'
    boto3.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=trust)


def roles() -> set[str]:
    found = boto3.client("iam").list_roles(PathPrefix="/aws-service-role/")["Roles"]
    return {role["Path"].split("/")[2] for role in found}


def scans(qualifier: str) -> bool:
    names = [REPOSITORY.format(qualifier)]
    (found,) = boto3.client("ecr", "ca-central-1").describe_repositories(repositoryNames=names)[
        "repositories"
    ]
    return bool(found["imageScanningConfiguration"]["scanOnPush"])


def test_account_and_region_are_prepared(ran: Ran) -> None:
    assert main(["bootstrap", "--env", "dev"]) == 0
    ((command, folder),) = ran
    assert command == ["bootstrap", f"aws://{ACCOUNT}/ca-central-1", "--qualifier", "hnb659fds"]
    assert not (folder / "cdk.json").exists()
    assert roles() == set(LINKED_SERVICES)
    assert scans("hnb659fds")


def test_own_bootstrap_has_own_names_and_policies(ran: Ran, own: Path) -> None:
    name = f"cdk-vitdev-deploy-role-{ACCOUNT}-ca-central-1"
    made(name)
    assert main(["bootstrap", "--env", str(own)]) == 0
    assert ran[0][0][2:] == [
        *("--qualifier", "vitdev", "--toolkit-stack-name", "CDKToolkit-vitdev"),
        *("--cloudformation-execution-policies", POLICY),
    ]
    assert scans("vitdev")
    # The template lets the deploy role change every stack of the account.
    assert boto3.client("iam").list_role_policies(RoleName=name)["PolicyNames"] == ["vitrine-own-stacks"]


def test_existing_roles_are_left(stubbed: Any) -> None:
    iam, stub = stubbed("iam")
    taken = "Service role name AWSServiceRoleForECS has been taken in this account, please try another."
    stub.add_client_error("create_service_linked_role", "InvalidInput", taken)
    assert create_linked_role(iam, "ecs.amazonaws.com") is False
    stub.add_client_error("create_service_linked_role", "InvalidInput", "no such service")
    with pytest.raises(ClientError, match="no such service"):
        create_linked_role(iam, "ecs.amazonaws.com")


def test_denied_steps_name_the_command(
    ran: Ran, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    call = BaseClient._make_api_call  # type: ignore[attr-defined]

    def denied(client: BaseClient, operation: str, parameters: Any) -> Any:
        if operation in ("CreateServiceLinkedRole", "PutImageScanningConfiguration"):
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, operation)
        return call(client, operation, parameters)

    monkeypatch.setattr(BaseClient, "_make_api_call", denied)
    assert main(["bootstrap", "--env", "dev"]) == 0
    out = capsys.readouterr().out
    assert (
        "Run `aws iam create-service-linked-role --aws-service-name ecs.amazonaws.com`, with others." in out
    )
    assert "Turn on scan on push of cdk-hnb659fds-container-assets" in out


def test_pipeline_lookup_role_is_denied_data(
    ran: Ran, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    iam = boto3.client("iam")
    name = f"cdk-hnb659fds-lookup-role-{ACCOUNT}-ca-central-1"
    made(name)
    file = tmp_path / "dev.toml"
    section = '[delivery]\nrepository = "shop/vitrine"\nrepository_id = 5678\n'
    file.write_text(f"{(FOLDER / 'dev.toml').read_text('utf-8')}\n{section}")
    assert main(["bootstrap", "--env", str(file)]) == 0
    assert iam.list_role_policies(RoleName=name)["PolicyNames"] == ["vitrine-no-data"]
    assert f"{name} is denied" in capsys.readouterr().out
