"""What the model's role may while a canary lives: read the new archive, and write the canary's log.

By itself it reads only its own archive and writes only its own endpoint's log. The permission lapses: one
that a killed release left grants nothing after some hours, and the next release deletes it.
"""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from ops.release.interrupts import terminable, undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import boto3

POLICY = "vitrine-release-canary"
# Longer than a canary's download, start and deletion together may take.
_LAPSES = timedelta(hours=4)
# SageMaker sees a new permission of the role after some seconds.
_SEEN_S = 15.0
# A log that SageMaker makes is kept for ever; that of a failed canary is kept to be read.
_LOG_DAYS = 7


@dataclass(frozen=True)
class Permission:
    """One role's, for the canary of one name."""

    session: boto3.Session
    role: str  # its ARN
    endpoint: str

    @property
    def log(self) -> str:
        """Name of the log that the canary writes."""
        return f"/aws/sagemaker/Endpoints/{self.endpoint}"

    def withdraw(self) -> bool:
        """Take it back; returns whether it was there."""
        iam: Any = self.session.client("iam")
        try:
            iam.delete_role_policy(RoleName=self.role.rsplit("/", 1)[1], PolicyName=POLICY)
        except iam.exceptions.NoSuchEntityException:
            return False
        return True

    @contextlib.contextmanager
    def given(
        self, place: str, kms_key: str | None, sleep: Callable[[float], None] = time.sleep
    ) -> Iterator[None]:
        """Within it the role reads the object at `place`, bucket/key; afterwards no longer.

        The log goes too where the block ends well; else it is kept for a week.
        """
        logs = self.session.client("logs")
        with terminable():
            try:
                with contextlib.suppress(logs.exceptions.ResourceAlreadyExistsException):
                    logs.create_log_group(logGroupName=self.log)
                logs.put_retention_policy(logGroupName=self.log, retentionInDays=_LOG_DAYS)
                self.session.client("iam").put_role_policy(
                    RoleName=self.role.rsplit("/", 1)[1],
                    PolicyName=POLICY,
                    PolicyDocument=json.dumps(self._document(place, kms_key)),
                )
                sleep(_SEEN_S)
                yield
            finally:
                with undisturbed():
                    self.withdraw()
            with contextlib.suppress(logs.exceptions.ResourceNotFoundException):
                logs.delete_log_group(logGroupName=self.log)

    def _document(self, place: str, kms_key: str | None) -> dict[str, Any]:
        _, partition, _, _, account, _ = self.role.split(":", 5)
        log = f"arn:{partition}:logs:{self.session.region_name}:{account}:log-group:{self.log}:*"
        allowed: list[tuple[list[str], str]] = [
            (["s3:GetObject"], f"arn:{partition}:s3:::{place}"),
            (["logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"], log),
        ]
        if kms_key is not None:
            allowed.append((["kms:Decrypt"], kms_key))
        lapses = (datetime.now(UTC) + _LAPSES).strftime("%Y-%m-%dT%H:%M:%SZ")
        until = {"DateLessThan": {"aws:CurrentTime": lapses}}
        return {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": actions, "Resource": resource, "Condition": until}
                for actions, resource in allowed
            ],
        }
