"""The function behind POST /hooks/logs: stores the events of Edge Functions, and queues them to be written.

Its senders never send a batch again, so it answers as soon as the events are in the bucket and the queue.
"""

import logging
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Self, TypeVar

from services.core.aws import CALL_ERRORS, LOG_RECEIVER, AwsClients, failed_call
from services.core.domain.errors import InvalidInput, TooLarge, Unauthenticated
from services.core.messaging.attributes import trace_attributes
from services.core.secrets import Name, Secret, ServiceSettings
from services.core.telemetry import configure_logging, elapsed_ms
from services.core.trace import HEADER as TRACE_HEADER
from services.core.trace import hop
from services.logs import answers
from services.logs.bodies import body_of, events_of
from services.logs.kept import MALFORMED, Filtered, filtered
from services.logs.keys import HEADER, LogKeys, LogKeysInvalid
from services.logs.objects import LogObjects, ObjectMessage

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

RETRY_AFTER_S = 30
# A drain waits 5 s for its answer; the rest is for the way there and back.
PATIENCE_S = 4.5
# The longest that a call takes, by LOG_RECEIVER.
CALL_S = 1.5
_PAUSE_S = 0.1
PERHAPS_LOST = "perhaps_lost"
Answer = TypeVar("Answer")
# The gateway's; one of another form is not logged.
_REQUEST_ID = re.compile(r"[\w=+/.:-]{1,128}", re.ASCII)
logger = logging.getLogger(__name__)


class ReceiverSettings(ServiceSettings):
    """The variables of `receiver`."""

    aws_region: Name
    image_bucket: Name
    image_key_id: str | None = None
    logs_queue_url: Name
    logs_secret_name: Name
    environment: str = "none"


class NotStored(Exception):
    """The `count` events of a request may not be stored, or not queued to be written."""

    def __init__(self, reason: str, count: int) -> None:
        super().__init__(reason)
        self.count = count


@dataclass(frozen=True)
class Receiver:
    """Takes batches of events. Every call blocks."""

    keys: Secret[LogKeys]
    objects: LogObjects
    sqs: "SQSClient"
    queue_url: str
    environment: str

    @classmethod
    def build(cls, settings: ReceiverSettings) -> Self:
        """Make the receiver with its clients; none of them is called yet."""
        clients = AwsClients(settings.aws_region, LOG_RECEIVER)
        parse = partial(LogKeys.parse, source=settings.logs_secret_name)
        keys = Secret.named(clients.secrets_manager(), settings.logs_secret_name, parse)
        objects = LogObjects(clients.s3(), settings.image_bucket, settings.image_key_id)
        return cls(keys, objects, clients.sqs(), settings.logs_queue_url, settings.environment)

    def take(self, event: Mapping[str, Any], headers: Mapping[str, str], until: float) -> Filtered:
        """Store the events to keep of a request, and queue them; return which those are.

        `headers` have names in lower case. Ends at about `until`, a time.monotonic(). Raises Unauthenticated,
        TooLarge, InvalidInput, NotStored; LogKeysInvalid and what boto3 raises: then nothing is accepted.
        """
        self._admit(headers.get(HEADER, ""))
        body = body_of(event, headers.get("content-encoding", ""))
        found = filtered(events_of(body), self.environment)
        if found.kept:
            try:
                message = _twice(partial(self.objects.put, found.kept), until - CALL_S)
                _twice(partial(self._queue, message), until)
            except CALL_ERRORS as error:
                raise NotStored(failed_call(error), len(found.kept)) from error
        return found

    def _queue(self, message: ObjectMessage) -> None:
        self.sqs.send_message(
            QueueUrl=self.queue_url,
            MessageBody=message.model_dump_json(),
            MessageAttributes=trace_attributes(),
        )

    def _admit(self, given: str) -> None:
        keys = self.keys.value()
        if keys.admit(given):
            return
        newer = self.keys.renewed(keys)
        if newer == keys or not newer.admit(given):
            raise Unauthenticated(f"{HEADER}: {'not a key of this environment' if given else 'missing'}")


def _twice(call: Callable[[], Answer], until: float) -> Answer:
    """Return what a call gives; one that fails, as on a connection closed meanwhile, is repeated in time.

    Raises what boto3 raises.
    """
    try:
        return call()
    except CALL_ERRORS:
        if time.monotonic() + _PAUSE_S + CALL_S > until:
            raise
    time.sleep(_PAUSE_S)
    return call()


def answer(receiver: Receiver, event: Mapping[str, Any]) -> dict[str, Any]:
    """Answer a request of the HTTP API (payload 2.0): 202 for what is accepted.

    401 for another key, 413 and 400 for a body that cannot be read; 503: perhaps nothing is accepted.
    """
    began, until = time.perf_counter(), time.monotonic() + PATIENCE_S
    headers = {str(name).lower(): str(value) for name, value in (event.get("headers") or {}).items()}
    request_id = str((event.get("requestContext") or {}).get("requestId", ""))
    request = {"request": request_id} if _REQUEST_ID.fullmatch(request_id) else {}
    # API Gateway joins several headers of one name with commas: such a value is invalid.
    with hop(headers.get(TRACE_HEADER), **request):
        try:
            found = receiver.take(event, headers, until)
        except Unauthenticated as error:
            return _refused(401, "Not authenticated", error, began)
        except InvalidInput as error:
            status, title = (413, "Too large") if isinstance(error, TooLarge) else (400, "Invalid input")
            return _refused(status, title, error, began)
        except LogKeysInvalid as error:
            return _unavailable(str(error), began)
        except NotStored as error:
            return _unavailable(str(error), began, error.count)
        except CALL_ERRORS as error:
            return _unavailable(failed_call(error), began)
        except Exception:
            # Its text may hold an event, and Lambda would log it.
            fields = {"status": 500, "duration_ms": elapsed_ms(began)}
            logger.exception("request failed", extra={**fields, "metrics": {"ServerErrors": 1}})
            detail = "the service made a mistake; it has been logged"
            return answers.problem(500, "Internal error", detail)
        kept, dropped = len(found.kept), dict(found.dropped)
        metrics = {"metrics": {"EdgeLogsDropped": dropped[MALFORMED]}} if MALFORMED in dropped else {}
        counts = {"counts": {"kept": kept, **dropped}, "status": 202, "duration_ms": elapsed_ms(began)}
        logger.info("edge logs taken", extra={**counts, **metrics})
        return answers.accepted(kept, dropped)


def _refused(status: int, title: str, error: Exception, began: float) -> dict[str, Any]:
    fields = {"reason": str(error), "outcome": "refused", "status": status, "duration_ms": elapsed_ms(began)}
    logger.info("edge logs refused", extra=fields)
    if isinstance(error, InvalidInput):
        return answers.problem(status, title, str(error), field=error.field, remedy=error.remedy)
    return answers.problem(status, title, str(error))


def _unavailable(reason: str, began: float, perhaps_lost: int = 0) -> dict[str, Any]:
    fields = {"reason": reason, "status": 503, "duration_ms": elapsed_ms(began)}
    counts = {"counts": {PERHAPS_LOST: perhaps_lost}} if perhaps_lost else {}
    metrics = {"ServerErrors": 1, "EdgeLogsDropped": perhaps_lost}
    logger.error("edge logs unavailable", extra={**fields, **counts, "metrics": metrics})
    detail = "it may not have been taken"
    return answers.problem(503, "Logs unavailable", detail, retry_after_s=RETRY_AFTER_S)


@cache
def _start() -> Receiver:
    configure_logging("log-receiver")
    return Receiver.build(ReceiverSettings())


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Answer a request of the HTTP API (payload 2.0)."""
    return answer(_start(), event)
