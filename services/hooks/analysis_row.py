"""A row of the database's table `analyses`, as its webhook brings it and as it travels on to the worker."""

from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, ValidationError

from services.core.domain.errors import InvalidInput
from services.core.domain.stored_report import RequestKey
from services.core.narrative.wording import Language
from services.core.photos.photo import digest
from services.core.pipeline.submission import SubmitReport

MAX_PHOTOS = 8
# As the table holds them. What is no upload's id ends as a failed report, of which its user hears; refused
# here, it would be sent again until its row is deleted.
UploadId = Annotated[str, Field(pattern=r"^[0-9A-Z]{26}$")]


class AnalysisRow(BaseModel):
    """What a user asks for; columns that the table gains are none of our business."""

    model_config = ConfigDict(frozen=True, strict=True)

    id: UUID
    user_id: UUID
    upload_ids: Annotated[list[UploadId], Field(min_length=1, max_length=MAX_PHOTOS)]
    language: Language
    created_at: AwareDatetime

    @property
    def owner(self) -> str:
        """Whose report it will be: the subject of the user's access tokens."""
        return str(self.user_id)

    def order(self) -> SubmitReport:
        """Return the order, under a key that the row has for itself: however often it comes, it is one."""
        photos = digest(upload_id.encode() for upload_id in self.upload_ids)
        return SubmitReport(self.owner, self.language, RequestKey(f"analysis:{self.id}", photos))


class Insertion(BaseModel):
    """The body of the webhook, in the form of Supabase's own."""

    model_config = ConfigDict(frozen=True, strict=True)

    type: Literal["INSERT"]
    table: Literal["analyses"]
    schema_: Literal["public"] = Field(alias="schema")
    record: AnalysisRow
    old_record: None = None

    @classmethod
    def parse(cls, body: bytes) -> Self:
        """Read a body; raises InvalidInput, which names the first field that does not fit."""
        try:
            return cls.model_validate_json(body)
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False, include_context=False)[0]
            field = ".".join(str(part) for part in first["loc"]) or "body"
            remedy = "Send a row inserted into public.analyses, as the trigger of supabase/migrations does"
            raise InvalidInput(field, first["msg"], remedy) from None
