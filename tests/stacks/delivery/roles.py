"""The stack `delivery` of some settings alone, with its policies as they are in an account."""

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from settings.delivery import bootstrap_role_name
from settings.environment import Environment
from stacks.app import ROOT
from stacks.constructs.async_io import AsyncIoResources
from stacks.delivery.stack import DeliveryStack
from stacks.storage.stack import StorageStack
from tests.stacks.assemblies import changed
from tests.stacks.single_stacks import CANARY_ROLE

ACCOUNT, REGION = "123456789012", "ca-central-1"
PROVIDER = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
# Two environments of one account and one repository, each with a bootstrap of its own.
_GITHUB = {
    "repository": "shop/vitrine",
    "repository_id": 5678,
    "subject_prefix": "repo:shop@1234/vitrine@5678",
}
PROD = changed("prod", delivery=_GITHUB, bootstrap={"qualifier": "vitprod"})
DEV = changed("dev", delivery=_GITHUB | {"provider_arn": PROVIDER}, bootstrap={"qualifier": "vitdev"})
# What another stack exports, by a part of the export's name.
IMPORTS = {
    "ArtifactsBucket": "arn:aws:s3:::artifacts",
    "Artifacts": "arn:aws:s3:::artifacts",
    "ExchangeBucket": "arn:aws:s3:::exchange",
    "ExchangeKey": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/exchange",
    "Key": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/storage",
}
_PSEUDO = {"AWS::AccountId": ACCOUNT, "AWS::Region": REGION, "AWS::Partition": "aws"}


def bootstrap_role(role: str, of: Environment) -> str:
    """Return the ARN of a role of an environment's bootstrap, as in "deploy"."""
    return f"arn:aws:iam::{ACCOUNT}:role/{bootstrap_role_name(of.qualifier, role, ACCOUNT, REGION)}"


class Role(NamedTuple):
    """A role: who may assume it, its policies, and for how many seconds."""

    trust: dict[str, Any]
    documents: list[dict[str, Any]]
    seconds: int


class Delivery(NamedTuple):
    """The roles of the stack, and its resources by logical id."""

    deploy: Role
    lookup: Role
    resources: dict[str, Any]


@cache
def delivered(settings: Environment) -> Delivery:
    """Return the stack of these settings."""
    context = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    place = cdk.Environment(region=REGION)
    with tempfile.TemporaryDirectory() as folder:
        app = cdk.App(
            outdir=folder, context=context, tree_metadata=False, builtin_cloud_formation_validation=False
        )
        storage = StorageStack(
            app, "storage", environment_name=settings.name, retention_days=7, keep_data=False, env=place
        )
        assert settings.delivery is not None
        DeliveryStack(
            app,
            "delivery",
            settings=settings,
            delivery=settings.delivery,
            storage=storage,
            async_io=AsyncIoResources(storage, "Exchange", environment_name=settings.name),
            canary_role=iam.Role.from_role_arn(storage, "Canary", CANARY_ROLE),
            env=place,
        )
        app.synth()
        template = json.loads((Path(folder) / "delivery.template.json").read_text("utf-8"))
    resources = resolved(template["Resources"])
    return Delivery(_role(resources, "Deploy"), _role(resources, "Lookup"), resources)


def _role(resources: dict[str, Any], beginning: str) -> Role:
    ((name, role),) = (
        (name, one["Properties"])
        for name, one in resources.items()
        if name.startswith(beginning) and one["Type"] == "AWS::IAM::Role"
    )
    policies = [
        one["Properties"]["PolicyDocument"]
        for one in resources.values()
        if one["Type"] == "AWS::IAM::Policy" and name in one["Properties"]["Roles"]
    ]
    return Role(role["AssumeRolePolicyDocument"], policies, role["MaxSessionDuration"])


def resolved(value: Any) -> Any:
    """Return a template's value with its references as in the account."""
    match value:
        case {"Ref": str(name)}:
            return _PSEUDO.get(name, name)
        case {"Fn::GetAtt": ["GitHub", "Arn"]}:
            return PROVIDER
        case {"Fn::GetAtt": [str(name), _]}:
            return name
        case {"Fn::ImportValue": str(name)}:
            return next(arn for part, arn in IMPORTS.items() if part in name)
        case {"Fn::Join": [str(separator), list(parts)]}:
            return separator.join(resolved(part) for part in parts)
        case dict():
            return {key: resolved(inner) for key, inner in value.items()}
        case list():
            return [resolved(inner) for inner in value]
    return value
