"""GitHub in the account: one OIDC provider, a lookup role without users' data, a bootstrap of one's own."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from moto import mock_aws

from ops.aws.role_limits import NO_DATA, own_stacks, set_limit
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


def deployed(session: boto3.Session, environment: str, qualifier: str) -> None:
    """Deploy an environment's storage stack by the bootstrap of a qualifier."""
    client(session, "cloudformation").create_stack(
        StackName=f"vitrine-{environment}-storage",
        TemplateBody=json.dumps({"Resources": {"One": {"Type": "AWS::SNS::Topic"}}}),
        RoleARN=f"arn:aws:iam::123456789012:role/{role('cfn-exec', qualifier)}",
    )


def role(kind: str, qualifier: str) -> str:
    return f"cdk-{qualifier}-{kind}-role-123456789012-ca-central-1"


def bootstrapped(session: boto3.Session, qualifier: str, policy: str) -> None:
    """Make two of a bootstrap's roles; CloudFormation's has a managed policy."""
    iam = client(session, "iam")
    for kind in ("deploy", "cfn-exec"):
        iam.create_role(RoleName=role(kind, qualifier), AssumeRolePolicyDocument=TRUST)
    allowed = {"Effect": "Allow", "Action": "sns:*", "Resource": "*"}
    document = json.dumps({"Version": "2012-10-17", "Statement": [allowed]})
    arn = iam.create_policy(PolicyName=policy, PolicyDocument=document)["Policy"]["Arn"]
    iam.attach_role_policy(RoleName=role("cfn-exec", qualifier), PolicyArn=arn)


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
    set_limit(iam, ROLE, NO_DATA)
    assert levels(github.lookup_role(settings(), iam, sts)) == ["ok"]
    less = {"Effect": "Deny", "Action": "sqs:ReceiveMessage", "Resource": "*"}
    changed = json.dumps({"Version": "2012-10-17", "Statement": [less]})
    iam.put_role_policy(RoleName=ROLE, PolicyName=NO_DATA.policy, PolicyDocument=changed)
    assert levels(github.lookup_role(settings(), iam, sts)) == ["failure"]


def settings(**changes: Any) -> Environment:
    return make_settings(delivery=SECTION, **changes)


def others(session: boto3.Session, **changes: Any) -> tuple[str, str]:
    iam, sts = client(session, "iam"), client(session, "sts")
    cloudformation = client(session, "cloudformation")
    (found,) = github.other_environments(settings(**changes), iam, sts, cloudformation)
    return found.level, f"{found.text} {found.hint}"


OWN = {"bootstrap": {"qualifier": "vitshop"}}


def test_environment_alone_needs_nothing(session: boto3.Session) -> None:
    deployed(session, "shop", "hnb659fds")
    assert others(session)[0] == "ok"


@pytest.mark.parametrize(("qualifier", "changes"), [("hnb659fds", {}), ("vitshop", OWN)])
def test_shared_bootstrap_is_found(session: boto3.Session, qualifier: str, changes: Any) -> None:
    # A qualifier of one's own is shared where another environment is deployed by it.
    deployed(session, "shop", qualifier)
    deployed(session, "prod", qualifier)
    level, text = others(session, **changes)
    assert level == "warning"
    assert f"the bootstrap {qualifier} has deployed prod too" in text


def test_unlimited_deploy_role_is_found(session: boto3.Session) -> None:
    deployed(session, "prod", "vitprod")
    bootstrapped(session, "vitshop", "vitrine-shop-deployment")
    level, text = others(session, **OWN)
    assert level == "warning"
    assert f"{role('deploy', 'vitshop')} may change the stacks of prod" in text
    assert "Run `make bootstrap ENV=shop`" in text
    assert "Give shop a section [bootstrap]" in others(session)[1]


@pytest.mark.parametrize(
    ("policy", "level"), [("vitrine-shop-deployment", "ok"), ("AdministratorAccess", "warning")]
)
def test_limited_role_needs_limited_execution(session: boto3.Session, policy: str, level: str) -> None:
    deployed(session, "prod", "vitprod")
    bootstrapped(session, "vitshop", policy)
    set_limit(client(session, "iam"), role("deploy", "vitshop"), own_stacks("shop", "aws", "123456789012"))
    found, text = others(session, **OWN)
    assert found == level
    assert "prod" in text
