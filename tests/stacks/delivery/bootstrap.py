"""The policies of the CDK bootstrap's own roles: by its template, and by AWS's managed policies."""

import json
import re
from functools import cache
from typing import Any

from cli.cdk import CDK
from settings.environment import Environment
from tests.stacks.delivery.policies import Document
from tests.stacks.delivery.roles import ACCOUNT, REGION, bootstrap_role, resolved

_TEMPLATE = CDK.parents[1] / "lib" / "api" / "bootstrap" / "bootstrap-template.yaml"
# The logical ids of the roles in the template.
_ROLES = {
    "deploy": "DeploymentActionRole",
    "lookup": "LookupRole",
    "file-publishing": "FilePublishingRole",
}


@cache
def bootstrap_policies(role: str, of: Environment) -> list[Document]:
    """Return what a role of an environment's bootstrap may do, as in "lookup"."""
    resources, managed = _sources()
    name = _ROLES[role]
    properties = resources[name]["Properties"]
    names = [one["Fn::Sub"].rpartition("/")[2] for one in properties.get("ManagedPolicyArns", [])]
    attached = [one["Properties"] for one in resources.values() if one["Type"] == "AWS::IAM::Policy"]
    policies = [*properties.get("Policies", []), *(one for one in attached if {"Ref": name} in one["Roles"])]
    own = [_substituted(one["PolicyDocument"], of) for one in policies]
    return [*(managed[name]["Document"] for name in names), *own]


@cache
def _sources() -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the template's resources, and AWS's managed policies."""
    # Both take a second to import.
    from cfnlint.decode import cfn_yaml
    from moto.iam.aws_managed_policies import aws_managed_policies_data

    return cfn_yaml.load(str(_TEMPLATE))["Resources"], json.loads(aws_managed_policies_data)


def _substituted(value: Any, of: Environment) -> Any:
    names = {
        "AWS::AccountId": ACCOUNT,
        "AWS::Region": REGION,
        "AWS::Partition": "aws",
        "CloudFormationExecutionRole.Arn": bootstrap_role("cfn-exec", of),
        "StagingBucket.Arn": f"arn:aws:s3:::cdk-{of.qualifier}-assets-{ACCOUNT}-{REGION}",
        "FileAssetsBucketEncryptionKey.Arn": f"arn:aws:kms:{REGION}:{ACCOUNT}:key/bootstrap",
        "CdkBootstrapVersion": f"/cdk-bootstrap/{of.qualifier}/version",
    }
    match value:
        case {"Fn::Sub": str(text)}:
            return re.sub(r"\$\{([^}]+)\}", lambda found: names[found[1]], text)
        case {"Fn::If": ["CreateNewKey", own, _]}:
            return _substituted(own, of)
        case dict():
            return resolved({key: _substituted(inner, of) for key, inner in value.items()})
        case list():
            return [_substituted(inner, of) for inner in value]
    return value
