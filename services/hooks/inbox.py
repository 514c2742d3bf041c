"""Takes the database's webhooks: verifies each and queues its row for the worker.

An inserted row of `analyses` asks for a report, a deleted row of `reports` for its erasure. A repeated
webhook is queued again, which has no further effect.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.core.auth.signing import SigningKeys
from services.core.aws import HOOKS_APP, AwsClients
from services.core.domain.errors import SignatureInvalid, TooLarge
from services.core.messaging.attributes import trace_attributes
from services.core.secrets import Name, Secret, ServiceSettings
from services.core.storage.image_store import UPLOAD_ID
from services.hooks.intake import AnalysisRow
from services.web.problems import invalid_input

if TYPE_CHECKING:
    from mypy_boto3_sqs.client import SQSClient

MAX_BODY_BYTES = 20_000
# A ULID, as those of uploads.
REPORT_ID = UPLOAD_ID


class AppSettings(ServiceSettings):
    """The variables of `app`."""

    aws_region: Name
    hooks_queue_url: Name
    hooks_secret_name: Name


class Insertion(BaseModel):
    """The body of the webhook, in Supabase's own form."""

    model_config = ConfigDict(frozen=True, strict=True)

    type: Literal["INSERT"]
    table: Literal["analyses"]
    schema_: Literal["public"] = Field(alias="schema")
    record: AnalysisRow
    old_record: None = None


class DeletedReport(BaseModel):
    """A deleted row of public.reports, as the webhook and the hooks queue hold it: a report to erase."""

    model_config = ConfigDict(frozen=True, strict=True)

    id: Annotated[str, Field(pattern=REPORT_ID)]
    user_id: UUID


class Deletion(BaseModel):
    """The body of the webhook of a deleted report, in Supabase's own form."""

    model_config = ConfigDict(frozen=True, strict=True)

    type: Literal["DELETE"]
    table: Literal["reports"]
    schema_: Literal["public"] = Field(alias="schema")
    record: None = None
    old_record: DeletedReport


class _Webhook(BaseModel):
    """What both have in common."""

    model_config = ConfigDict(frozen=True, strict=True)

    type: Literal["INSERT", "DELETE"]


@dataclass(frozen=True)
class Inbox:
    """Takes webhooks. Every call blocks."""

    keys: Secret[SigningKeys]
    sqs: "SQSClient"
    queue_url: str

    @classmethod
    def build(cls, settings: AppSettings) -> Self:
        """Make the inbox with its clients; none of them is called yet."""
        clients = AwsClients(settings.aws_region, HOOKS_APP)
        parse = partial(SigningKeys.parse, source=settings.hooks_secret_name)
        keys = Secret.named(clients.secrets_manager(), settings.hooks_secret_name, parse)
        return cls(keys, clients.sqs(), settings.hooks_queue_url)

    def take(self, body: bytes, headers: Mapping[str, str]) -> AnalysisRow | DeletedReport:
        """Queue the row of a webhook, and return it.

        Raises TooLarge, SignatureInvalid, InvalidInput; SigningKeysInvalid and what boto3 raises: then the
        sender is to try again.
        """
        if len(body) > MAX_BODY_BYTES:
            raise TooLarge("body", f"is over {MAX_BODY_BYTES // 1000} kB", "Send one row of the database")
        self._verify(body, headers)
        try:
            row: AnalysisRow | DeletedReport
            if _Webhook.model_validate_json(body).type == "INSERT":
                row = Insertion.model_validate_json(body).record
            else:
                row = Deletion.model_validate_json(body).old_record
        except ValidationError as error:
            remedy = (
                "Send a row inserted into public.analyses or deleted from public.reports, as the triggers of "
                "supabase/migrations do"
            )
            raise invalid_input(error, remedy) from None
        self.sqs.send_message(
            QueueUrl=self.queue_url, MessageBody=row.model_dump_json(), MessageAttributes=trace_attributes()
        )
        return row

    def _verify(self, body: bytes, headers: Mapping[str, str]) -> None:
        keys = self.keys.value()
        try:
            keys.verify(body, headers)
        except SignatureInvalid:
            newer = self.keys.renewed(keys)
            if newer == keys:
                raise
            newer.verify(body, headers)
