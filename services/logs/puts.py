"""Puts batches into the log group, with retries while there is time."""

import random
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from services.core.aws import CALL_ERRORS, failed_call
from services.logs.batches import TOO_NEW, TOO_OLD, Batch

if TYPE_CHECKING:
    from mypy_boto3_logs.client import CloudWatchLogsClient
    from mypy_boto3_logs.type_defs import RejectedLogEventsInfoTypeDef

PERHAPS_TWICE = "perhaps_twice"
# The longest that one attempt takes, and the record after it in the usual case.
ATTEMPT_S = 5.0
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.1, 3.0
_THROTTLED = "ThrottlingException"


class NotPut(Exception):
    """The batch is not written now: the message of its object is to be received again.

    `certain` if CloudWatch refused every attempt, as its errors 4xx say. Without an answer, or after an error
    of its own, the batch may be written after all.
    """

    def __init__(self, reason: str, *, certain: bool) -> None:
        super().__init__(reason)
        self.certain = certain


class NeverPut(NotPut):
    """CloudWatch refuses the batch itself, which it always will."""


@dataclass(frozen=True)
class LogPuts:
    """Writes to one log stream. Every call blocks."""

    logs: "CloudWatchLogsClient"
    group: str
    stream: str

    def put(self, batch: Batch, until: float, *, perhaps_written: bool) -> Counter[str]:
        """Write a batch; return how many of its events CloudWatch rejects, by reason.

        Starts no attempt that could outlast `until`, a time.monotonic(). If the batch was `perhaps_written`,
        as after an attempt without an answer, `perhaps_twice` counts its events. Raises NotPut and NeverPut.
        """
        pause, reason, certain = _FIRST_PAUSE_S, "no time left", True
        while time.monotonic() + ATTEMPT_S <= until:
            try:
                answer = self.logs.put_log_events(
                    logGroupName=self.group,
                    logStreamName=self.stream,
                    logEvents=[{"timestamp": event.at_ms, "message": event.line} for event in batch],
                )
            except CALL_ERRORS as error:
                reason, refused = failed_call(error), _refusal(error)
                certain = certain and refused is not None
                if refused == "InvalidParameterException":
                    raise NeverPut(reason, certain=certain) from error
                if refused not in (None, _THROTTLED):
                    raise NotPut(reason, certain=certain) from error
            else:
                twice = len(batch) if perhaps_written or not certain else 0
                return _rejected(answer.get("rejectedLogEventsInfo"), len(batch)) + Counter(
                    {PERHAPS_TWICE: twice}
                )
            time.sleep(max(0.0, min(random.uniform(pause / 2, pause), until - time.monotonic())))  # noqa: S311
            pause = min(2 * pause, _LONGEST_PAUSE_S)
        raise NotPut(reason, certain=certain)


def _refusal(error: Exception) -> str | None:
    """The code with which CloudWatch refused a put; None if the put may have been stored all the same."""
    if not isinstance(error, ClientError):
        return None
    code = error.response["Error"]["Code"]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return code if code == _THROTTLED or 400 <= status < 500 else None


def _rejected(info: "RejectedLogEventsInfoTypeDef | None", count: int) -> Counter[str]:
    """The events that the answer calls too old, expired or too new; its ends of old ones are exclusive."""
    if not info:
        return Counter()
    old = max(info.get("tooOldLogEventEndIndex", 0), info.get("expiredLogEventEndIndex", 0))
    new = count - info.get("tooNewLogEventStartIndex", count)
    return Counter({TOO_OLD: old, TOO_NEW: new})
