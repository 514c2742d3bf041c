"""The roles that GitHub Actions takes by OIDC: one deploys this environment, one only looks at it."""

from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from constructs import Construct

from settings.delivery import (
    AUDIENCE,
    ISSUER,
    LOOKUP,
    Conditions,
    Delivery,
    deploy_conditions,
    lookup_conditions,
)
from settings.environment import Environment
from stacks.constructs.async_io import AsyncIoResources
from stacks.constructs.operations import publish
from stacks.delivery.permissions import assume_bootstrap, deploy_statements, read_prices
from stacks.storage.stack import StorageStack

# A release starts a canary, deletes it, and deploys the model stack: each may take an hour.
DEPLOY_SESSION = cdk.Duration.hours(3)
LOOKUP_SESSION = cdk.Duration.hours(1)


class DeliveryStack(cdk.Stack):
    """GitHub's OIDC provider, unless the account has one, the role `deploy` and the role `lookup`.

    The CDK's bootstrap roles do the work of a deployment; both roles may assume only this environment's.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Environment,
        delivery: Delivery,
        storage: StorageStack,
        async_io: AsyncIoResources,
        canary_role: iam.IRole,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        provider = delivery.provider_arn or _provider(self).attr_arn
        deploy = _role(self, "Deploy", provider, deploy_conditions(delivery, settings.name), DEPLOY_SESSION)
        for statement in deploy_statements(self, settings, storage, async_io, canary_role):
            deploy.add_to_policy(statement)
        lookup = _role(self, "Lookup", provider, lookup_conditions(delivery, settings.name), LOOKUP_SESSION)
        for statement in (assume_bootstrap(self, settings, LOOKUP), read_prices()):
            lookup.add_to_policy(statement)

        publish(self, settings.name, "DeployRoleArn", deploy.role_arn, "Role of GitHub Actions that deploys")
        publish(self, settings.name, "LookupRoleArn", lookup.role_arn, "Role of GitHub Actions that looks")


def _provider(scope: Construct) -> iam.CfnOIDCProvider:
    # Without thumbprints: IAM verifies GitHub's certificate by its own list of certificate authorities.
    return iam.CfnOIDCProvider(scope, "GitHub", url=f"https://{ISSUER}", client_id_list=[AUDIENCE])


def _role(
    scope: Construct, construct_id: str, provider: str, conditions: Conditions, session: cdk.Duration
) -> iam.Role:
    return iam.Role(
        scope,
        construct_id,
        assumed_by=iam.WebIdentityPrincipal(provider, conditions),
        max_session_duration=session,
    )
