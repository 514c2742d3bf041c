"""Takes the database's webhooks: verifies each and queues its row for the worker.

A repeated webhook is queued again; the worker makes one report of both.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.core.auth.signing import SigningKeys
from services.core.domain.errors import SignatureInvalid, TooLarge
from services.core.secrets import Secret
from services.hooks.analysis_row import AnalysisRow
from services.web.problems import invalid_input

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

MAX_BODY_BYTES = 20_000


class Insertion(BaseModel):
    """The body of the webhook, in Supabase's own form."""

    model_config = ConfigDict(frozen=True, strict=True)

    type: Literal["INSERT"]
    table: Literal["analyses"]
    schema_: Literal["public"] = Field(alias="schema")
    record: AnalysisRow
    old_record: None = None

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a body; raises InvalidInput, which names the first wrong field."""
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            remedy = "Send a row inserted into public.analyses, as the trigger of supabase/migrations does"
            raise invalid_input(error, remedy) from None


@dataclass(frozen=True)
class Inbox:
    """Takes webhooks. Every call blocks."""

    keys: Secret[SigningKeys]
    sqs: "SQSClient"
    queue_url: str

    def take(self, body: bytes, headers: Mapping[str, str]) -> UUID:
        """Queue the row of a webhook; return its analysis.

        Raises TooLarge, SignatureInvalid, InvalidInput; SigningKeysInvalid and what boto3 raises: then the
        sender is to try again.
        """
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge("body", f"is over {MAX_BODY_BYTES // 1000} kB", "Send one row of public.analyses")
        self._verify(body, headers)
        row = Insertion.parse(body).record
        self.sqs.send_message(QueueUrl=self.queue_url, MessageBody=row.model_dump_json())
        return row.id

    def _verify(self, body: bytes, headers: Mapping[str, str]) -> None:
        keys = self.keys.value()
        try:
            keys.verify(body, headers)
        except SignatureInvalid:
            newer = self.keys.renewed(keys)
            if newer == keys:
                raise
            newer.verify(body, headers)
