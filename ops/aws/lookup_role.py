"""What the bootstrap's lookup role must not read, although AWS's ReadOnlyAccess lets it.

The CDK's bootstrap denies it kms:Decrypt alone. Rows and log lines are not encrypted with a key of ours,
and receiving a message hides it from its consumer.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mypy_boto3_iam import IAMClient

POLICY = "vitrine-no-data"
DOCUMENT = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Deny",
            "Action": [
                *("dynamodb:BatchGetItem", "dynamodb:GetItem", "dynamodb:GetRecords", "dynamodb:PartiQL*"),
                *("dynamodb:Query", "dynamodb:Scan", "dynamodb:Search*"),
                *(
                    "logs:FilterLogEvents",
                    "logs:GetLog*",
                    "logs:GetQueryResults",
                    "logs:Start*",
                    "logs:Stop*",
                ),
                "sqs:ReceiveMessage",
            ],
            "Resource": "*",
        }
    ],
}


def deny_data(iam: IAMClient, role: str) -> None:
    """Deny a role of this name rows, log lines and messages; a deployment of the bootstrap keeps it."""
    iam.put_role_policy(RoleName=role, PolicyName=POLICY, PolicyDocument=json.dumps(DOCUMENT))


def is_denied_data(iam: IAMClient, role: str) -> bool:
    """Say whether the role of this name is denied them as `deny_data` does; False where there is no role."""
    try:
        found = iam.get_role_policy(RoleName=role, PolicyName=POLICY)
    except iam.exceptions.NoSuchEntityException:
        return False
    document: object = found["PolicyDocument"]  # botocore has decoded it
    return document == DOCUMENT
