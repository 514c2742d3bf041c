"""What becomes of a webhook: checked, claimed, queued, noted. It is never noted without being queued."""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from botocore.exceptions import BotoCoreError, ClientError

from services.core.domain.errors import TooLarge
from services.hooks.analysis_row import Insertion
from services.hooks.keys import HookKeys
from services.hooks.links import AnalysisLinks

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

MAX_BODY_BYTES = 20_000
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Taken:
    """The analysis that a webhook asks for; `repeated` when it was queued before."""

    analysis: UUID
    repeated: bool


@dataclass(frozen=True)
class Inbox:
    """Takes webhooks. Every call blocks."""

    keys: HookKeys
    notes: AnalysisLinks
    sqs: "SQSClient"
    queue_url: str

    def take(self, body: bytes, headers: Mapping[str, str]) -> Taken:
        """Queue what the webhook asks for, unless it was queued already.

        Raises TooLarge, SignatureInvalid, InvalidInput; BeingTaken and what boto3 raises: then the sender is
        to try again.
        """
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge("body", f"is over {MAX_BODY_BYTES // 1000} kB", "Send one row of public.analyses")
        webhook_id = self.keys.verify(body, headers)
        row = Insertion.parse(body).record
        if not self.notes.claim(webhook_id):
            return Taken(row.id, repeated=True)
        try:
            self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=row.model_dump_json())
        except BaseException:
            self._settle(self.notes.free, webhook_id)
            raise
        self._settle(self.notes.keep, webhook_id)
        return Taken(row.id, repeated=False)

    def _settle(self, write: Callable[[str], None], webhook_id: str) -> None:
        try:
            write(webhook_id)
        except (BotoCoreError, ClientError) as error:
            # The claim runs out by itself, and what is queued twice becomes one report.
            logger.warning("a claim was left to run out", extra={"reason": type(error).__name__})
