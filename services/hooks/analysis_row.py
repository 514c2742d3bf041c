"""A row of the database's table `analyses`, as its webhook and the hooks queue hold it."""

from typing import Annotated
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from services.core.domain.stored_report import RequestKey
from services.core.narrative.wording import Language
from services.core.photos.photo import digest
from services.core.pipeline.submission import SubmitReport

MAX_PHOTOS = 8
# The table's own pattern. An id that names no upload ends as a failed report, which its user sees; refused
# here, its webhook would be repeated for two days.
UploadId = Annotated[str, Field(pattern=r"^[0-9A-Z]{26}$")]


class AnalysisRow(BaseModel):
    """What a user asks for; other columns are ignored."""

    model_config = ConfigDict(frozen=True, strict=True)

    id: UUID
    user_id: UUID
    upload_ids: Annotated[list[UploadId], Field(min_length=1, max_length=MAX_PHOTOS)]
    language: Language
    created_at: AwareDatetime

    @property
    def owner(self) -> str:
        """The report's owner: the subject of the user's access tokens."""
        return str(self.user_id)

    def order(self) -> SubmitReport:
        """Return the submission under the row's own idempotency key: however often it comes, one report."""
        photos = digest(upload_id.encode() for upload_id in self.upload_ids)
        return SubmitReport(self.owner, self.language, RequestKey(f"analysis:{self.id}", photos))
