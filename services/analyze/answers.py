"""The answer to `POST /analyze`: the report, where it will be, or why there is none."""

from starlette.responses import Response

from services.core.domain.errors import ReportFailed
from services.core.domain.report import UNFINISHED, Report, Status

# A report that is being made takes seconds; one that waits for its model may take minutes.
_RETRY_AFTER_S = {Status.RUNNING: 5, Status.QUEUED: 30}


def answer(report: Report, response: Response) -> Report:
    """Make `response` fit the report: 200, or 202 with its place; raises ReportFailed."""
    if report.failure is not None:
        raise ReportFailed(report.id, report.failure.code, report.failure.reason)
    if report.status in UNFINISHED:
        response.status_code = 202
        response.headers["Location"] = f"/reports/{report.id}"
        response.headers["Retry-After"] = str(_RETRY_AFTER_S[report.status])
    return report
