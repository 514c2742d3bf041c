"""GitHub in the account: one OIDC provider, a lookup role without users' data, a bootstrap of one's own."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ops.doctor import github
from settings.environment import Environment
from tests.ops.conftest import levels, make_settings

ISSUER = "token.actions.githubusercontent.com"
ARN = f"arn:aws:iam::123456789012:oidc-provider/{ISSUER}"
SECTION = {"repository": "shop/vitrine", "repository_id": 5678}
ROLE = "cdk-hnb659fds-lookup-role-123456789012-ca-central-1"
TRUST = json.dumps({"Version": "2012-10-17", "Statement": []})


@pytest.fixture
def session() -> Iterator[boto3.Session]:
    with mock_aws():
        yield boto3.Session(region_name="ca-central-1")


def client(session: boto3.Session, service: Any) -> Any:
    return session.client(service)


def deployed(session: boto3.Session, name: str, kind: str = "AWS::SNS::Topic", **properties: Any) -> None:
    template = {"Resources": {"One": {"Type": kind, "Properties": properties}}}
    client(session, "cloudformation").create_stack(StackName=name, TemplateBody=json.dumps(template))


def made(session: boto3.Session, *audiences: str) -> None:
    client(session, "iam").create_open_id_connect_provider(
        Url=f"https://{ISSUER}", ClientIDList=list(audiences or ("sts.amazonaws.com",))
    )


def provider(session: boto3.Session, **changes: Any) -> tuple[str, str]:
    settings = make_settings(delivery=SECTION | changes)
    assert settings.delivery is not None
    cloudformation, iam = client(session, "cloudformation"), client(session, "iam")
    (found,) = github.provider(settings, settings.delivery, iam, cloudformation)
    return found.level, found.text + found.hint


def test_missing_provider_is_made(session: boto3.Session) -> None:
    assert provider(session) == ("ok", "the deployment makes it")


def test_existing_provider_must_be_named(session: boto3.Session) -> None:
    made(session)
    level, text = provider(session)
    assert level == "failure"
    assert f'Set delivery.provider_arn = "{ARN}"' in text
    assert provider(session, provider_arn=ARN) == ("ok", ARN)


def test_named_provider_must_exist(session: boto3.Session) -> None:
    level, text = provider(session, provider_arn=ARN)
    assert level == "failure"
    assert "Remove delivery.provider_arn" in text


def test_provider_of_another_account_fails(session: boto3.Session) -> None:
    made(session)
    assert provider(session, provider_arn=ARN.replace("1234", "9999"))[0] == "failure"


def test_provider_must_admit_sts(session: boto3.Session) -> None:
    made(session, "https://github.com/shop")
    level, text = provider(session, provider_arn=ARN)
    assert level == "failure"
    assert "add-client-id-to-open-id-connect-provider" in text


def test_own_provider_is_not_named(monkeypatch: pytest.MonkeyPatch, session: boto3.Session) -> None:
    # moto's CloudFormation has no such resource.
    own = {"ResourceType": "AWS::IAM::OIDCProvider", "PhysicalResourceId": ARN}
    monkeypatch.setattr("ops.doctor.github.resources", lambda *_: [own])
    made(session)
    assert provider(session) == ("ok", ARN)
    level, text = provider(session, provider_arn=ARN)
    assert level == "failure"
    assert "would delete" in text


def test_lookup_role_must_be_denied_data(session: boto3.Session) -> None:
    iam, sts = client(session, "iam"), client(session, "sts")
    iam.create_role(RoleName=ROLE, AssumeRolePolicyDocument=TRUST)
    assert levels(github.lookup_role(settings(), iam, sts)) == ["failure"]
    deny_data(iam, ROLE)
    assert levels(github.lookup_role(settings(), iam, sts)) == ["ok"]
    less = {"Effect": "Deny", "Action": "sqs:ReceiveMessage", "Resource": "*"}
    changed = json.dumps({"Version": "2012-10-17", "Statement": [less]})
    iam.put_role_policy(RoleName=ROLE, PolicyName=POLICY, PolicyDocument=changed)
    assert levels(github.lookup_role(settings(), iam, sts)) == ["failure"]


def settings(**changes: Any) -> Environment:
    return make_settings(delivery=SECTION, **changes)


def test_neighbour_needs_own_bootstrap(session: boto3.Session) -> None:
    cloudformation = client(session, "cloudformation")
    deployed(session, "vitrine-shop-storage")
    assert levels(github.shared_bootstrap(settings(), cloudformation)) == ["ok"]
    deployed(session, "vitrine-prod-storage")
    (found,) = github.shared_bootstrap(settings(), cloudformation)
    assert found.level == "warning"
    assert "role of shop can deploy prod too" in found.text
    own = settings(bootstrap={"qualifier": "vitshop"})
    assert levels(github.shared_bootstrap(own, cloudformation)) == ["ok"]
