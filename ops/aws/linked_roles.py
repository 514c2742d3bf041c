"""The service-linked roles that services of the stacks assume; AWS makes some too late for a first start."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

# The services that assume them.
LINKED_SERVICES = (
    "ecs.amazonaws.com",
    "ecs.application-autoscaling.amazonaws.com",
    "sagemaker.application-autoscaling.amazonaws.com",
)


def create_linked_role(iam: IAMClient, service: str) -> bool:
    """Create a service-linked role; return whether it was missing. Raises ClientError for other refusals."""
    try:
        iam.create_service_linked_role(AWSServiceName=service)
    except iam.exceptions.InvalidInputException as error:
        # The only answer for a role that exists, and it has no code of its own.
        if "has been taken" not in error.response.get("Error", {}).get("Message", ""):
            raise
        return False
    return True


def linked_role_exists(iam: IAMClient, service: str) -> bool:
    """Say whether a service-linked role exists; raise ClientError when that cannot be known."""
    # AWS makes each in a path of its service.
    return bool(iam.list_roles(PathPrefix=f"/aws-service-role/{service}/")["Roles"])
