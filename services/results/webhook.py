"""The webhook of an ended or erased report, in the form of Standard Webhooks: its event, and its receiver."""

import asyncio
import json
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

import httpx2

from services.core.auth.signing import SigningKeys
from services.core.domain.stored_report import StoredReport
from services.core.secrets import Secret
from services.core.trace import HEADER, traceparent
from services.results.report_events import ReportEnded, ReportErased

# For one whole attempt: name, connection, answer.
ATTEMPT_S = 10.0
LONGEST_WAIT_S = 86_400
# The idempotency key of a report that a row of the database asked for. Clients choose their own keys: one
# that only starts like this names no row, and the receiver would refuse the event.
_ANALYSIS_KEY = re.compile(r"analysis:([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


def analysis_of(key: str | None) -> str | None:
    """Return the row of the database that a report's idempotency key names, if any."""
    asked = _ANALYSIS_KEY.fullmatch(key) if key else None
    return asked.group(1) if asked else None


def message_id(event: ReportEnded | ReportErased) -> str:
    """Return the event's id: the same for each attempt, so that a receiver recognises a repeated event."""
    return f"msg_{event.ref.report_id}" + ("_erased" if isinstance(event, ReportErased) else "")


def ended_body(stored: StoredReport) -> bytes:
    """Return the event of a report that has ended, as JSON."""
    moment = stored.touched_at or stored.report.created_at
    analysis = analysis_of(stored.key.name if stored.key else None)
    report = stored.report.model_dump(mode="json")
    return _body(f"report.{stored.report.status}", moment, stored.owner, analysis, report)


def erased_body(erased: ReportErased) -> bytes:
    """Return the event of a report that was erased or has expired, as JSON: ids only."""
    moment = datetime.fromtimestamp(erased.at, UTC)
    report = {"id": erased.ref.report_id}
    return _body("report.erased", moment, erased.ref.owner, erased.analysis, report)


def _body(kind: str, moment: datetime, owner: str, analysis: str | None, report: dict[str, Any]) -> bytes:
    event = {
        "type": kind,
        "timestamp": moment.isoformat().replace("+00:00", "Z"),
        "data": {"owner": owner, "analysis": analysis, "report": report},
    }
    return json.dumps(event, ensure_ascii=False).encode()


@dataclass(frozen=True)
class DeliveryResult:
    """The answer to an attempt: a status, or None with the reason; seconds to wait before the next one."""

    status: int | None
    reason: str
    retry_after_s: int = 0

    @property
    def taken(self) -> bool:
        """Whether the receiver has accepted the event."""
        return self.status is not None and HTTPStatus(200) <= self.status < HTTPStatus(300)


@dataclass(frozen=True)
class Receiver:
    """Posts bodies to `url`, signed with the keys of `secret`; the receiver may continue the trace."""

    url: str
    secret: Secret[SigningKeys]

    async def post(self, client: httpx2.AsyncClient, message_id: str, body: bytes) -> DeliveryResult:
        """Post once, and once more if the keys were refused and the secret holds newer ones.

        Raises SigningKeysInvalid, and what boto3 raises, if the keys cannot be read.
        """
        keys = await asyncio.to_thread(self.secret.value)
        answer = await self._attempt(client, body, keys.sign(message_id, body))
        if answer.status == HTTPStatus.UNAUTHORIZED:
            renewed = await asyncio.to_thread(self.secret.renewed, keys)
            if renewed != keys:
                answer = await self._attempt(client, body, renewed.sign(message_id, body))
        return answer

    async def _attempt(
        self, client: httpx2.AsyncClient, body: bytes, signed: dict[str, str]
    ) -> DeliveryResult:
        headers = {"content-type": "application/json", **signed}
        if (current := traceparent()) is not None:
            headers[HEADER] = current
        answer: DeliveryResult | None = None
        try:
            async with (
                asyncio.timeout(ATTEMPT_S),
                # The answer's body is not needed, so it is not read.
                client.stream("POST", self.url, content=body, headers=headers) as response,
            ):
                answer = DeliveryResult(response.status_code, f"answered {response.status_code}")
                if not answer.taken:
                    after = _seconds(response.headers.get("retry-after", ""))
                    answer = replace(answer, retry_after_s=after)
        # What fails after the status has arrived does not change the answer.
        except TimeoutError:
            return answer or DeliveryResult(None, f"no answer within {ATTEMPT_S:.0f} s")
        except httpx2.TransportError as error:
            return answer or DeliveryResult(None, f"not reached: {type(error).__name__}")
        return answer


def new_client() -> httpx2.AsyncClient:
    """Return a client that verifies certificates and never follows a redirect to another address."""
    return httpx2.AsyncClient(timeout=ATTEMPT_S, follow_redirects=False)


def _seconds(retry_after: str) -> int:
    """Read a Retry-After header, in either of its forms: at most LONGEST_WAIT_S; 0 if absent or malformed."""
    if retry_after.isascii() and retry_after.isdigit():
        return min(LONGEST_WAIT_S, int(retry_after[:9]))
    try:
        moment = parsedate_to_datetime(retry_after)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        seconds = (moment - datetime.now(UTC)).total_seconds()
    except (ValueError, TypeError, LookupError, OverflowError):
        # A date beyond all dates, or none.
        return 0
    return max(0, min(LONGEST_WAIT_S, int(seconds)))
