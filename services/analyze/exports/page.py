"""Answers a page of reports as a file for an importer."""

from collections.abc import Mapping
from datetime import UTC, datetime

from starlette.responses import Response

from catalogue.model import Language
from services.analyze.documents import report_document
from services.analyze.exports.layouts import LAYOUTS, LayoutName
from services.analyze.exports.table import CONTENT_TYPE, file_name, write_table
from services.core.storage import pages as storage
from services.core.storage.image_store import ImageStore


def csv_page(
    images: ImageStore,
    page: storage.Page,
    layout: LayoutName,
    language: Language | None,
    headers: Mapping[str, str],
) -> Response:
    """The succeeded reports of a page as CSV, with `headers` and the name to save it by."""
    reports = [report_document(images, stored, stored.report) for stored in page.reports]
    name = file_name(layout, reports, datetime.now(UTC))
    return Response(
        write_table(LAYOUTS[layout], reports, language),
        headers={**headers, "Content-Disposition": f'attachment; filename="{name}"'},
        media_type=CONTENT_TYPE,
    )
