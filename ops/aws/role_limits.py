"""What roles of the CDK's bootstrap must not do, although its template lets them: inline policies that deny.

The lookup role has AWS's ReadOnlyAccess. The bootstrap denies it kms:Decrypt alone; rows and log lines are
not encrypted with a key of ours, and receiving a message hides it from its consumer.

The deploy role may change every stack of the account, each with the rights of the role that deployed it:
https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-iam-servicerole.html
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from settings.naming import STACKS, stack_name

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient


@dataclass(frozen=True)
class Limit:
    """An inline policy: its name, and its one statement, which denies."""

    policy: str
    denied: dict[str, Any]

    @property
    def document(self) -> dict[str, Any]:
        """The policy's document."""
        return {"Version": "2012-10-17", "Statement": [{"Effect": "Deny", **self.denied}]}


NO_DATA = Limit(
    "vitrine-no-data",
    {
        "Action": [
            *("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:GetRecords", "dynamodb:PartiQL*"),
            *("dynamodb:Query", "dynamodb:Scan", "dynamodb:Search*"),
            *("logs:FilterLogEvents", "logs:GetLog*", "logs:GetQueryResults", "logs:Start*", "logs:Stop*"),
            "sqs:ReceiveMessage",
        ],
        "Resource": "*",
    },
)
_CHANGING = ("Cancel", "Continue", "Create", "Delete", "Execute", "Rollback", "Set", "Update")


def own_stacks(environment: str, partition: str, account: str) -> Limit:
    """Return what leaves a deploy role the stacks of one environment, each by its name.

    A prefix would not do: that of dev's stacks is also one of those of an environment dev-2.
    """
    names = [stack_name(environment, stack) for stack in STACKS]
    return Limit(
        "vitrine-own-stacks",
        {
            "Action": [f"cloudformation:{verb}*" for verb in _CHANGING],
            "NotResource": [f"arn:{partition}:cloudformation:*:{account}:stack/{name}/*" for name in names],
        },
    )


def set_limit(iam: IAMClient, role: str, limit: Limit) -> None:
    """Deny a role of this name what the limit says; a deployment of the bootstrap keeps it."""
    iam.put_role_policy(RoleName=role, PolicyName=limit.policy, PolicyDocument=json.dumps(limit.document))


def is_limited(iam: IAMClient, role: str, limit: Limit) -> bool:
    """Say whether the role of this name has exactly this limit; False where there is no role."""
    try:
        found = iam.get_role_policy(RoleName=role, PolicyName=limit.policy)
    except iam.exceptions.NoSuchEntityException:
        return False
    document: object = found["PolicyDocument"]  # botocore has decoded it
    return document == limit.document
