"""Writes reports as CSV: RFC 4180, in UTF-8 without a byte order mark, which none of the importers needs.

A cell that a spreadsheet would run as a formula gets an apostrophe before it, which spreadsheets read as
"this is text" (OWASP "CSV Injection"; OWASP ASVS 5.0, 1.2.10). Descriptions in HTML begin with a tag and
need none.
"""

import csv
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from io import StringIO

from catalogue.model import Language
from services.analyze.documents import Report
from services.analyze.exports.cells import Item, harmless
from services.analyze.exports.layouts import Layout, LayoutName
from services.analyze.exports.texts import Texts
from services.core.domain.report import Status

CONTENT_TYPE = "text/csv; charset=utf-8; header=present"


def write_table(layout: Layout, reports: Iterable[Report], language: Language | None = None) -> str:
    """The succeeded ones of `reports` in the layout, in `language` where they have it."""
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerows(layout.preamble)
    writer.writerow(column.name for column in layout.columns)
    for report in reports:
        if report.status == Status.SUCCEEDED and report.product is not None:
            item = Item(report, report.product, Texts.of(report, language))
            writer.writerows(_rows(layout, item))
    return out.getvalue()


def file_name(name: LayoutName, reports: Iterable[Report], now: datetime) -> str:
    """The file's name: its layout, its day, and until when its links to photos hold (UTC)."""
    ends = [photo.expires_at for report in reports for photo in report.photos]
    until = f"-photos-until-{min(ends).astimezone(UTC):%H%M}Z" if ends else ""
    return f"vitrine-{name}-{now:%Y-%m-%d}{until}.csv"


def _rows(layout: Layout, item: Item) -> Iterator[list[str]]:
    photos = item.report.photos
    first = photos[0] if photos else None
    yield [
        harmless(column.photo(item, first) if column.photo and first else column.cell(item))
        for column in layout.columns
    ]
    if any(column.photo for column in layout.columns):
        for photo in photos[1:]:
            yield [harmless(column.photo(item, photo) if column.photo else None) for column in layout.columns]
