"""Whose tokens the roles accept, and how far the roles reach through the CDK's own bootstrap roles."""

import json

import botocore.session
import pytest
from cfnlint.decode import cfn_yaml
from moto.iam.aws_managed_policies import aws_managed_policies_data

from cli.cdk import CDK
from ops.aws.lookup_role import DOCUMENT
from settings.delivery import DEPLOYING, bootstrap_role_name
from settings.environment import Environment
from tests.stacks.delivery.policies import Document, accepts, allows
from tests.stacks.delivery.roles import ACCOUNT, DEV, PROD, PROVIDER, REGION, delivered

PREFIX = "repo:shop@1234/vitrine@5678"
# What GitHub says of a job on main in the environment prod.
JOB = {
    "aud": "sts.amazonaws.com",
    "sub": f"{PREFIX}:environment:prod",
    "repository_id": "5678",
    "ref": "refs/heads/main",
}
PULL_REQUEST = JOB | {"sub": f"{PREFIX}:pull_request", "ref": "refs/pull/7/merge"}
# How the names of operations begin that change nothing, of the services that the stacks use.
READING = (
    *("BatchCheck", "BatchDescribe", "BatchGet", "Check", "Describe", "Detect", "Estimate"),
    *("Generate", "Get", "List", "Search", "Simulate", "Test", "Validate"),
)
SERVICES = (
    *("cloudformation", "dynamodb", "dynamodbstreams", "ecr", "ecs", "iam", "kms", "lambda", "logs"),
    *("s3", "sagemaker", "secretsmanager", "sns", "sqs", "ssm", "sts"),
)


def bootstrap_roles(*roles: str, of: Environment) -> list[str]:
    names = [bootstrap_role_name(of.qualifier, role, ACCOUNT, REGION) for role in roles]
    return [f"arn:aws:iam::{ACCOUNT}:role/{name}" for name in names]


def test_job_of_the_environment_deploys() -> None:
    assert accepts(delivered(PROD).deploy.trust, PROVIDER, JOB)


@pytest.mark.parametrize(
    "claims",
    [
        # The number of the first is right: whoever takes a name over has another.
        {"sub": "repo:shop@1234/other@5678:environment:prod"},
        {"repository_id": "5679"},
        {"repository_id": "5679", "sub": "repo:shop/vitrine:environment:prod"},
        {"sub": f"{PREFIX}:environment:dev"},
        {"sub": f"{PREFIX}:environment:prod-lookup"},
        {"sub": f"{PREFIX}:environment:prod:extra"},
        {"sub": f"{PREFIX}:ref:refs/heads/main"},
        {"ref": "refs/heads/feature"},
        {"ref": "refs/tags/main"},
        PULL_REQUEST,
        {"aud": "https://github.com/shop"},
        {"sub": f"{PREFIX}:environment:PROD"},
    ],
    ids=lambda claims: " ".join(claims.values())[-60:],
)
def test_other_token_does_not_deploy(claims: dict[str, str]) -> None:
    assert not accepts(delivered(PROD).deploy.trust, PROVIDER, JOB | claims)


@pytest.mark.parametrize("claim", JOB)
def test_missing_claim_does_not_deploy(claim: str) -> None:
    claims = {name: value for name, value in JOB.items() if name != claim}
    assert not accepts(delivered(PROD).deploy.trust, PROVIDER, claims)


def test_other_provider_does_not_deploy() -> None:
    assert not accepts(delivered(PROD).deploy.trust, PROVIDER.replace("githubusercontent", "example"), JOB)


def test_pull_request_only_looks() -> None:
    # A fork's has the same claims: GitHub gives it no token, since its workflow may write nothing.
    looked = delivered(PROD).lookup.trust
    assert accepts(looked, PROVIDER, PULL_REQUEST)
    assert accepts(looked, PROVIDER, JOB | {"sub": f"{PREFIX}:environment:prod-lookup"})
    assert not accepts(looked, PROVIDER, JOB | {"sub": f"{PREFIX}:environment:dev-lookup"})
    assert not accepts(looked, PROVIDER, PULL_REQUEST | {"repository_id": "5679"})
    assert not accepts(delivered(PROD).deploy.trust, PROVIDER, PULL_REQUEST)


@pytest.mark.parametrize(("own", "other"), [(DEV, PROD), (PROD, DEV)], ids=["dev", "prod"])
def test_environments_do_not_deploy_each_other(own: Environment, other: Environment) -> None:
    deploy = delivered(own).deploy.documents
    assert all(allows(deploy, "sts:AssumeRole", role) for role in bootstrap_roles(*DEPLOYING, of=own))
    for role in (*bootstrap_roles(*DEPLOYING, "cfn-exec", of=other), *bootstrap_roles("cfn-exec", of=own)):
        assert not allows(deploy, "sts:AssumeRole", role)
    stack = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/vitrine-{{}}-storage/id"
    assert allows(deploy, "cloudformation:DescribeStacks", stack.format(own.name))
    for name in (other.name, f"{own.name}-2"):
        assert not allows(deploy, "cloudformation:DescribeStacks", stack.format(name))


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
    (allowed,) = bootstrap_roles("lookup", of=PROD)
    assert allows(lookup, "sts:AssumeRole", allowed)
    others = (*bootstrap_roles(*DEPLOYING[:3], "cfn-exec", of=PROD), *bootstrap_roles("lookup", of=DEV))
    assert not any(allows(lookup, "sts:AssumeRole", role) for role in others)


def lookup_role() -> list[Document]:
    """The policies of the bootstrap's role, by the CDK's template and AWS's managed policy."""
    template = cfn_yaml.load(str(CDK.parents[1] / "lib/api/bootstrap/bootstrap-template.yaml"))
    role = template["Resources"]["LookupRole"]["Properties"]
    names = [one["Fn::Sub"].rpartition("/")[2] for one in role["ManagedPolicyArns"]]
    managed = json.loads(aws_managed_policies_data)
    for statement in (one for name in names for one in managed[name]["Document"]["Statement"]):
        # The patterns of other services would only take time.
        statement["Action"] = [
            one for one in statement["Action"] if one.partition(":")[0] in {"*", *SERVICES}
        ]
    return [
        *(managed[name]["Document"] for name in names),
        *(one["PolicyDocument"] for one in role["Policies"]),
    ]


def operations() -> set[str]:
    """Every operation of the services that the stacks use, as an action of IAM."""
    models = map(botocore.session.get_session().get_service_model, SERVICES)
    return {
        f"{one.service_name.removesuffix('streams')}:{operation}"
        for one in models
        for operation in one.operation_names
    }


@pytest.fixture(scope="module")
def looks() -> set[str]:
    """What a job with the role `lookup` may call, by itself and by the bootstrap's role that it takes."""
    resource = f"arn:aws:any:{REGION}:{ACCOUNT}:thing"
    chained, own = [*lookup_role(), DOCUMENT], delivered(PROD).lookup.documents
    return {one for one in operations() if allows(chained, one, resource) or allows(own, one, resource)}


@pytest.mark.system
def test_lookup_changes_nothing(looks: set[str]) -> None:
    assert "cloudformation:DetectStackDrift" in looks
    assert {one for one in looks if not one.partition(":")[2].startswith(READING)} == set()


@pytest.mark.system
def test_lookup_reads_no_data(looks: set[str]) -> None:
    data = {
        *("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:GetRecords", "kms:Decrypt"),
        *("logs:GetLogEvents", "logs:GetLogRecord", "secretsmanager:GetSecretValue"),
    }
    assert data <= operations()
    assert looks & data == set()
