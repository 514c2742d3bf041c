"""The documents that the API answers: reports with links to their photos, and pages of them.

The links are signed when they are answered and stored nowhere.
"""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.core.domain import report as domain
from services.core.domain.report import Place, Severity, Status, Tag
from services.core.domain.stored_report import StoredPhoto, StoredReport
from services.core.storage import pages as storage
from services.core.storage.image_store import ImageStore

Pixels = Annotated[int | None, Field(description="Null: unknown, of a report of an earlier release")]


class Mark(BaseModel):
    """A mark of the condition on the photo that shows it best."""

    model_config = ConfigDict(frozen=True)

    tag: Tag
    place: Place | None = Field(description="Where on the photo; null: its parts were not looked at")
    severity: Severity | None = Field(description="Null: it cannot be judged")


class Photo(BaseModel):
    """Where a page gets a photo as it was judged (JPEG, 768 px at most), without a token, until `expires_at`.

    Ask for the report again to get a new link.
    """

    model_config = ConfigDict(frozen=True)

    number: int = Field(ge=1, description="As `wear` counts the photos, in the order they were sent")
    url: str = Field(json_schema_extra={"format": "uri"})
    width: Pixels
    height: Pixels
    expires_at: datetime
    marks: tuple[Mark, ...] = Field(
        (), description="The condition's wear that this photo shows best; the owner's wear is on none"
    )


class Report(domain.Report):
    """A product report. Its result fields are null until it has succeeded."""

    photos: tuple[Photo, ...] = Field(description="Empty for a failed report")


class ListedReport(domain.Report):
    """A report of a page: its first photo in place of all."""

    thumbnail: Photo | None = Field(description="Null for a failed report")


class Page(BaseModel):
    """Reports, newest first; `next` is the id to go on before, null on the last page."""

    reports: tuple[ListedReport, ...]
    next: str | None


def report_document(images: ImageStore, stored: StoredReport, report: domain.Report) -> Report:
    """Return the report, which is `stored` or what it has become, with links to its photos."""
    shown = _shown(report, stored)
    photos = tuple(_photo(images, report, number, each) for number, each in enumerate(shown, 1))
    return Report.model_construct(**dict(report), photos=photos)


def page_document(images: ImageStore, page: storage.Page) -> Page:
    """Return a page's reports, each with a link to its first photo."""
    listed = []
    for stored in page.reports:
        photos = _shown(stored.report, stored)
        thumbnail = _photo(images, stored.report, 1, photos[0]) if photos else None
        listed.append(ListedReport.model_construct(**dict(stored.report), thumbnail=thumbnail))
    return Page(reports=tuple(listed), next=page.next)


def _shown(report: domain.Report, stored: StoredReport) -> tuple[StoredPhoto, ...]:
    return () if report.status == Status.FAILED else stored.photos


def _photo(images: ImageStore, report: domain.Report, number: int, photo: StoredPhoto) -> Photo:
    url, expires_at = images.link(photo.key)
    return Photo(
        number=number,
        url=url,
        width=photo.width,
        height=photo.height,
        expires_at=expires_at,
        marks=_marks(report, number),
    )


def _marks(report: domain.Report, number: int) -> tuple[Mark, ...]:
    wear = report.condition.wear if report.condition else ()
    return tuple(
        Mark(tag=each.tag, place=each.place, severity=each.severity) for each in wear if each.photo == number
    )
