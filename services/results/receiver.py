"""The receiver of webhooks: one address that takes events as signed POSTs."""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus

import httpx2

from services.core.auth.signing import SigningKeys
from services.core.secrets import Secret

# For one whole attempt: name, connection, answer.
ATTEMPT_S = 10.0


@dataclass(frozen=True)
class Answer:
    """The answer to an attempt: a status, or None with the reason; seconds to wait before the next one."""

    status: int | None
    reason: str
    retry_after_s: int = 0

    @property
    def taken(self) -> bool:
        """Whether the receiver has accepted the event."""
        return self.status is not None and HTTPStatus(200) <= self.status < HTTPStatus(300)


class Receiver:
    """Posts bodies to `url`, signed with the keys of `secret`."""

    def __init__(self, url: str, secret: Secret[SigningKeys]) -> None:
        self._url = url
        self._secret = secret

    async def post(self, client: httpx2.AsyncClient, message_id: str, body: bytes) -> Answer:
        """Post once, and once more if the keys were refused and the secret holds newer ones.

        Raises SigningKeysInvalid, and what boto3 raises, if the keys cannot be read.
        """
        keys = await asyncio.to_thread(self._secret.value)
        answer = await self._attempt(client, body, keys.sign(message_id, body))
        if answer.status == HTTPStatus.UNAUTHORIZED:
            renewed = await asyncio.to_thread(self._secret.renewed, keys)
            if renewed != keys:
                answer = await self._attempt(client, body, renewed.sign(message_id, body))
        return answer

    async def _attempt(self, client: httpx2.AsyncClient, body: bytes, signed: dict[str, str]) -> Answer:
        headers = {"content-type": "application/json", **signed}
        try:
            async with (
                asyncio.timeout(ATTEMPT_S),
                # The answer's body is not needed, so it is not read.
                client.stream("POST", self._url, content=body, headers=headers) as response,
            ):
                after = _seconds(response.headers.get("retry-after", ""))
                return Answer(response.status_code, f"answered {response.status_code}", after)
        except TimeoutError:
            return Answer(None, f"no answer within {ATTEMPT_S:.0f} s")
        except httpx2.TransportError as error:
            return Answer(None, f"not reached: {type(error).__name__}")


def new_client() -> httpx2.AsyncClient:
    """Return a client that verifies certificates and never follows a redirect to another address."""
    return httpx2.AsyncClient(timeout=ATTEMPT_S, follow_redirects=False)


def _seconds(retry_after: str) -> int:
    """Read a Retry-After header, in either of its forms; 0 if it is absent or malformed."""
    if retry_after.isascii() and retry_after.isdigit():
        return int(retry_after[:9])
    try:
        moment = parsedate_to_datetime(retry_after)
    except ValueError:
        return 0
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    return max(0, int((moment - datetime.now(UTC)).total_seconds()))
