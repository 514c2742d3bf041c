"""Whose tokens the roles accept, and how far the roles reach through the CDK's own bootstrap roles."""

import csv
import json
from typing import Any

import botocore.session
import pytest

from ops.aws.role_limits import NO_DATA, own_stacks
from planning.regions.facts import FILE
from settings.delivery import DEPLOYING, LOOKUP, deploy_conditions, trust_policy
from settings.environment import Environment
from tests.stacks.assemblies import changed
from tests.stacks.delivery.bootstrap import bootstrap_policies
from tests.stacks.delivery.policies import Document, accepts, allows
from tests.stacks.delivery.roles import ACCOUNT, DEV, PROD, PROVIDER, REGION, bootstrap_role, delivered
from tests.stacks.single_stacks import CANARY_ROLE
from tests.stacks.test_permissions import listed

PREFIX = "repo:shop@1234/vitrine@5678"
# What GitHub says of a job on main in the environment prod.
JOB = {
    "aud": "sts.amazonaws.com",
    "sub": f"{PREFIX}:environment:prod",
    "repository_id": "5678",
    "ref": "refs/heads/main",
}
# Of a fork's too: GitHub gives that no token, since its workflow may write nothing.
PULL_REQUEST = {"sub": f"{PREFIX}:pull_request", "ref": "refs/pull/7/merge"}
# What neither role accepts; the subject of a job in the role's environment stays where none is given.
OTHERS = [
    # The number of the first is right: whoever takes a name over has another.
    {"sub": "repo:shop@1234/other@5678:environment:{}"},
    {"repository_id": "5679"},
    {"repository_id": "5679", "sub": "repo:shop/vitrine:environment:{}"},
    {"sub": f"{PREFIX}:environment:dev"},
    {"sub": f"{PREFIX}:environment:dev-lookup"},
    {"sub": f"{PREFIX}:environment:{{}}:extra"},
    {"sub": f"{PREFIX}:ref:refs/heads/main"},
    # A job of a branch, a tag or a pull request that names the environment, where GitHub does not protect it.
    {"ref": "refs/heads/feature"},
    {"ref": "refs/tags/main"},
    {"ref": "refs/pull/7/merge"},
    PULL_REQUEST,
    PULL_REQUEST | {"ref": "refs/heads/main"},
    {"aud": "https://github.com/shop"},
    {"sub": f"{PREFIX}:environment:PROD"},
]
# How the names of operations begin that change nothing, of the services that the stacks use.
READING = (
    *("BatchCheck", "BatchDescribe", "BatchGet", "Check", "Describe", "Detect", "Estimate"),
    *("Generate", "Get", "List", "Search", "Simulate", "Test", "Validate"),
)
# Of the bootstrap's five roles those that a job takes for nothing.
UNUSED = ("image-publishing", "cfn-exec")
SERVICES = (
    *("cloudformation", "dynamodb", "dynamodbstreams", "ecr", "ecs", "iam", "kms", "lambda", "logs"),
    *("s3", "sagemaker", "secretsmanager", "sns", "sqs", "ssm", "sts"),
)


Trust = tuple[Document, dict[str, str]]


@pytest.fixture(params=["prod", "prod-lookup"])
def trust(request: pytest.FixtureRequest) -> Trust:
    """The trust policy of a role of prod, and what its job's token says."""
    roles = delivered(PROD)
    role = roles.deploy if request.param == "prod" else roles.lookup
    return role.trust, JOB | {"sub": f"{PREFIX}:environment:{request.param}"}


def test_job_of_the_environment_is_accepted(trust: Trust) -> None:
    policy, job = trust
    assert accepts(policy, PROVIDER, job)
    assert not accepts(policy, PROVIDER.replace("githubusercontent", "example"), job)


@pytest.mark.parametrize("claims", OTHERS, ids=lambda claims: " ".join(claims.values())[-60:])
def test_other_token_is_refused(trust: Trust, claims: dict[str, str]) -> None:
    policy, job = trust
    environment = job["sub"].rpartition(":")[2]
    given = {name: value.format(environment) for name, value in claims.items()}
    assert not accepts(policy, PROVIDER, job | given)


@pytest.mark.parametrize("claim", JOB)
def test_missing_claim_is_refused(trust: Trust, claim: str) -> None:
    policy, job = trust
    assert not accepts(policy, PROVIDER, {name: value for name, value in job.items() if name != claim})


def test_roles_do_not_accept_each_others_jobs() -> None:
    looking, roles = JOB | {"sub": f"{PREFIX}:environment:prod-lookup"}, delivered(PROD)
    assert not accepts(roles.deploy.trust, PROVIDER, looking)
    assert not accepts(roles.lookup.trust, PROVIDER, JOB)


@pytest.mark.parametrize("prefix", ["repo:shop/vitrine", "repo:shop@1234/vitrine@5678"])
def test_both_forms_of_a_subject_are_accepted(prefix: str) -> None:
    # https://github.blog/changelog/2026-04-23-immutable-subject-claims-for-github-actions-oidc-tokens
    settings = changed(
        "prod", delivery={"repository": "shop/vitrine", "repository_id": 5678, "subject_prefix": prefix}
    )
    assert settings.delivery is not None
    policy = trust_policy(PROVIDER, deploy_conditions(settings.delivery, "prod"))
    assert accepts(policy, PROVIDER, JOB | {"sub": f"{prefix}:environment:prod"})
    other = ({"repo:shop/vitrine", "repo:shop@1234/vitrine@5678"} - {prefix}).pop()
    assert not accepts(policy, PROVIDER, JOB | {"sub": f"{other}:environment:prod"})


@pytest.mark.parametrize(("own", "other"), [(DEV, PROD), (PROD, DEV)], ids=["dev", "prod"])
def test_environments_do_not_deploy_each_other(own: Environment, other: Environment) -> None:
    deploy = delivered(own).deploy.documents
    assert all(allows(deploy, "sts:AssumeRole", bootstrap_role(role, own)) for role in DEPLOYING)
    others = [bootstrap_role(role, other) for role in (*DEPLOYING, *UNUSED)]
    for role in (*others, *(bootstrap_role(role, own) for role in UNUSED)):
        assert not allows(deploy, "sts:AssumeRole", role)
    assert allows(deploy, "cloudformation:DescribeStacks", stack(own.name))
    assert allows(deploy, "ssm:PutParameter", parameter(own.name, "deployed-commit"))
    assert not allows(deploy, "ssm:PutParameter", parameter(own.name, "api-url"))
    for name in (other.name, f"{own.name}-2"):
        assert not allows(deploy, "cloudformation:DescribeStacks", stack(name))
        assert not allows(deploy, "ssm:PutParameter", parameter(name, "deployed-commit"))


def stack(environment: str, name: str = "storage") -> str:
    return f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/vitrine-{environment}-{name}/id"


def parameter(environment: str, name: str) -> str:
    return f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter/vitrine/{environment}/{name}"


@pytest.mark.system
def test_deploy_role_changes_own_stacks_alone() -> None:
    limited = [*bootstrap_policies("deploy", DEV), own_stacks("dev", "aws", ACCOUNT).document]
    actions = {one for one in operations("cloudformation") if allows(limited, one, stack("dev"))}
    assert {
        f"cloudformation:{one}" for one in ("CreateChangeSet", "ExecuteChangeSet", "UpdateStack")
    } <= actions
    for other in (stack("prod"), stack("dev-2"), stack("dev", "web-2"), "*"):
        assert {one for one in actions if allows(limited, one, other) and not reads(one)} == set()
    # Without the limit it can: each stack keeps the role that deployed it.
    assert allows(bootstrap_policies("deploy", DEV), "cloudformation:UpdateStack", stack("prod"))


@pytest.mark.system
def test_no_role_writes_iam() -> None:
    # On any resource and under any condition: CloudFormation's own role alone makes roles and policies.
    taken = [document for role in DEPLOYING for document in bootstrap_policies(role, PROD)]
    roles = delivered(PROD)
    held = [of_iam(one) for one in (*roles.deploy.documents, *roles.lookup.documents, *taken)]
    writes = {one for one in operations("iam") if not reads(one)}
    assert {"iam:PutRolePolicy", "iam:AttachRolePolicy", "iam:UpdateAssumeRolePolicy"} <= writes
    assert {one for one in writes if allows(held, one)} == set()


def of_iam(document: Document) -> Document:
    """Return what a document allows of IAM, whatever its resources and conditions."""
    actions = [
        action
        for one in listed(document["Statement"])
        if one["Effect"] == "Allow"
        for action in listed(one["Action"])
        if action.lower().startswith(("iam:", "*"))
    ]
    return {"Statement": [{"Effect": "Allow", "Action": actions, "Resource": "*"}]}


def test_deploy_passes_a_role_to_a_canary_alone() -> None:
    deploy, sagemaker = delivered(PROD).deploy.documents, {"iam:PassedToService": "sagemaker.amazonaws.com"}
    assert allows(deploy, "iam:PassRole", CANARY_ROLE, sagemaker)
    for service in ({}, {"iam:PassedToService": "lambda.amazonaws.com"}):
        assert not allows(deploy, "iam:PassRole", CANARY_ROLE, service)
    endpoint = f"arn:aws:iam::{ACCOUNT}:role/vitrine-prod-model-Role1f0b4c2d3E4F5A6B-XYZ"
    for other in (endpoint, f"{CANARY_ROLE}-2", *(bootstrap_role(one, PROD) for one in UNUSED)):
        assert not allows(deploy, "iam:PassRole", other, sagemaker)


def test_provider_is_made_once() -> None:
    made = [one for one in delivered(PROD).resources.values() if one["Type"] == "AWS::IAM::OIDCProvider"]
    (provider,) = (one["Properties"] for one in made)
    assert provider["Url"] == "https://token.actions.githubusercontent.com"
    assert provider["ClientIdList"] == ["sts.amazonaws.com"]
    assert "AWS::IAM::OIDCProvider" not in {one["Type"] for one in delivered(DEV).resources.values()}


def test_roles_fit_iams_limits() -> None:
    deploy, lookup = delivered(PROD)[:2]
    for role in (deploy, lookup):
        written = "".join(json.dumps(one, separators=(",", ":")) for one in role.documents)
        assert len(written) <= 10_240
        assert len(json.dumps(role.trust, separators=(",", ":"))) <= 2_048
        assert 3_600 <= role.seconds <= 43_200
    # The workflow of a release asks for credentials of three hours.
    assert deploy.seconds == 10_800


def test_lookup_takes_one_role() -> None:
    lookup = delivered(PROD).lookup.documents
    assert allows(lookup, "sts:AssumeRole", bootstrap_role("lookup", PROD))
    others = [bootstrap_role(role, PROD) for role in (*DEPLOYING, *UNUSED) if role != LOOKUP]
    for role in (*others, bootstrap_role("lookup", DEV)):
        assert not allows(lookup, "sts:AssumeRole", role)


def operations(*services: str) -> set[str]:
    """Every operation of services, as an action of IAM."""
    models = map(botocore.session.get_session().get_service_model, services)
    return {
        f"{one.service_name.removesuffix('streams')}:{operation}"
        for one in models
        for operation in one.operation_names
    }


def reads(action: str) -> bool:
    return action.partition(":")[2].startswith(READING)


@pytest.fixture(scope="module")
def looking() -> list[Document]:
    """The policies of the bootstrap's lookup role, which the role `lookup` takes."""
    return [*bootstrap_policies("lookup", PROD), NO_DATA.document]


@pytest.fixture(scope="module")
def looks(looking: list[Document]) -> set[str]:
    """What a job with the role `lookup` may call, by itself and by the bootstrap's role that it takes."""
    resource, own = f"arn:aws:any:{REGION}:{ACCOUNT}:thing", delivered(PROD).lookup.documents
    chained = [of_services(one) for one in looking]
    return {
        one for one in operations(*SERVICES) if allows(chained, one, resource) or allows(own, one, resource)
    }


def of_services(document: Document) -> Document:
    """Leave the patterns of other services out, which would only take time."""
    statements = [
        one
        | {
            "Action": [
                action for action in listed(one["Action"]) if action.partition(":")[0] in {"*", *SERVICES}
            ]
        }
        for one in document["Statement"]
    ]
    return {"Statement": statements}


@pytest.mark.system
def test_lookup_changes_nothing(looks: set[str]) -> None:
    assert {one for one in looks if not reads(one)} == set()


@pytest.mark.system
def test_lookup_reads_no_data(looks: set[str]) -> None:
    data = {
        *("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:GetRecords", "kms:Decrypt"),
        *("logs:GetLogEvents", "logs:GetLogRecord", "secretsmanager:GetSecretValue"),
    }
    assert data <= operations(*SERVICES)
    assert looks & data == set()


@pytest.mark.system
def test_lookup_reads_what_drift_compares(looking: list[Document]) -> None:
    # By CloudFormation's registry, of each type in the templates. The role `lookup` itself reads none of it.
    with FILE.open(encoding="utf-8", newline="") as lines:
        types = [row["name"] for row in csv.DictReader(lines) if row["kind"] == "resource"]
    asked = {
        action
        for one in types
        for action in registered(one).get("handlers", {}).get("read", {}).get("permissions", [])
        if action == "kms:Decrypt" or reads(action)
    }
    assert len(asked) > 100
    refused = {action for action in asked if not allows(looking, action, f"arn:aws:any:{REGION}:{ACCOUNT}:x")}
    assert refused == {
        "kms:Decrypt",  # of a function's environment variables, which `ops drift` then leaves out
        "billing:GetBillingViewData",  # of a budget over a billing view
        "vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation",  # of an endpoint into a service network
    }
    own = delivered(PROD).lookup.documents
    assert not any(allows(own, action, "*") for action in asked)


def registered(kind: str) -> dict[str, Any]:
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    schema: dict[str, Any] = PROVIDER_SCHEMA_MANAGER.get_resource_schema(REGION, kind).schema
    return schema
