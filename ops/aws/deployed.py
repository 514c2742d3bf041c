"""A deployed stack: what stays when it is deleted, and what must go before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ops.aws.account import physical_ids, resources
from ops.aws.studio import domain_contents, empty_domain

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import boto3
    from mypy_boto3_cloudformation import CloudFormationClient
    from mypy_boto3_cloudformation.type_defs import StackResourceSummaryTypeDef, StackTypeDef

DOMAIN, VPC = "AWS::SageMaker::Domain", "AWS::EC2::VPC"


@dataclass(frozen=True)
class Deployed:
    """A stack of the account; `kept` are the resources that its deletion retains, in words."""

    name: str
    protected: bool
    kept: tuple[str, ...]
    resources: Sequence[StackResourceSummaryTypeDef]

    def ids(self, kind: str) -> list[str]:
        """Return the ids of the stack's resources of a type."""
        return [identifier for identifier in physical_ids(self.resources, kind) if identifier]

    @property
    def users(self) -> list[str]:
        """The users of Studio that the stack declares."""
        return [identifier.partition("|")[0] for identifier in self.ids("AWS::SageMaker::UserProfile")]


def described(cloudformation: CloudFormationClient, stack: StackTypeDef) -> Deployed:
    """Return what a stack holds."""
    name, protected = stack["StackName"], stack.get("EnableTerminationProtection", False)
    if stack["StackStatus"] == "REVIEW_IN_PROGRESS":  # nothing was created, and there is no template
        return Deployed(name, protected, (), ())
    # The deployed template decides what stays, not the settings, which may have changed since.
    declared = cloudformation.get_template(StackName=name)["TemplateBody"].get("Resources", {})
    found = resources(cloudformation, name)
    kept = tuple(
        f"{resource['ResourceType']} {resource.get('PhysicalResourceId', '')}"
        for resource in found
        if declared.get(resource["LogicalResourceId"], {}).get("DeletionPolicy", "").startswith("Retain")
    )
    return Deployed(name, protected, kept, found)


def contents(session: boto3.Session, stack: Deployed) -> list[str]:
    """Return what users made in the stack, in words: the apps, spaces and users of Studio."""
    return [
        f"Studio's {content}"
        for domain in stack.ids(DOMAIN)
        for content in domain_contents(session.client("sagemaker"), domain, stack.users)
    ]


def prepare_deletion(session: boto3.Session, stack: Deployed, report: Callable[[str], None]) -> None:
    """Remove a stack's termination protection, and what users made in it; raise UserError where it stays."""
    if stack.protected:
        session.client("cloudformation").update_termination_protection(
            StackName=stack.name, EnableTerminationProtection=False
        )
        report(f"… termination protection of {stack.name} is off")
    for domain in stack.ids(DOMAIN):
        empty_domain(session.client("sagemaker"), domain, stack.users, report)
