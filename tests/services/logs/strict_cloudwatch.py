"""PutLogEvents by its documented limits: an illegal batch is refused, an event not of age rejected."""

import time
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

DAY_MS = 86_400_000


class StrictCloudWatch:
    """Takes the calls of boto3's client, and keeps the events of one stream.

    `before` and `after` run around each legal call, and may raise in its place or instead of its answer.
    """

    def __init__(self, group: str, stream: str, retention_days: int = 30) -> None:
        self.group, self.stream = group, stream
        self.retention_ms = retention_days * DAY_MS
        self.messages: list[str] = []
        self.sizes: list[int] = []
        self.refused: list[str] = []
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None

    def put_log_events(self, **given: Any) -> dict[str, Any]:
        if (given["logGroupName"], given["logStreamName"]) != (self.group, self.stream):
            raise _error("ResourceNotFoundException")
        events = given["logEvents"]
        self.check(events)
        self.before()
        now = time.time_ns() // 1_000_000
        old = sum(event["timestamp"] < now - 14 * DAY_MS for event in events)
        expired = sum(event["timestamp"] < now - self.retention_ms for event in events)
        new = sum(event["timestamp"] > now + 7_200_000 for event in events)
        valid = events[max(old, expired) : len(events) - new]
        self.messages += [event["message"] for event in valid]
        self.sizes.append(len(events))
        self.after()
        info = {
            **({"tooOldLogEventEndIndex": old} if old else {}),
            **({"expiredLogEventEndIndex": expired} if expired else {}),
            **({"tooNewLogEventStartIndex": len(events) - new} if new else {}),
        }
        return {"rejectedLogEventsInfo": info} if info else {}

    def check(self, events: list[dict[str, Any]]) -> None:
        """Raise what boto3 raises unless these are a legal batch."""
        times = [event["timestamp"] for event in events]
        sizes = [len(event["message"].encode()) for event in events]
        broken = {
            "number": not 1 <= len(events) <= 10_000,
            "empty": 0 in sizes,
            "event": any(size > 1_000_000 for size in sizes),
            "batch": sum(sizes) + 26 * len(sizes) > 1_048_576,
            "order": times != sorted(times),
            "span": bool(times) and times[-1] - times[0] > DAY_MS,
            "time": any(not isinstance(at, int) or at < 0 for at in times),
        }
        if found := [name for name, is_so in broken.items() if is_so]:
            self.refused += found
            raise _error("InvalidParameterException")


def throttled() -> None:
    """Raise what boto3 raises of a throttled call."""
    raise _error("ThrottlingException")


def refused() -> None:
    """Raise what boto3 raises of an illegal batch."""
    raise _error("InvalidParameterException")


def failed(code: str) -> None:
    """Raise what boto3 raises of a call that failed within CloudWatch."""
    raise _error(code, 503)


def _error(code: str, status: int = 400) -> ClientError:
    metadata: Any = {"HTTPStatusCode": status}
    response: Any = {"Error": {"Code": code, "Message": code}, "ResponseMetadata": metadata}
    return ClientError(response, "PutLogEvents")
