"""The reports of the TypeScript tests are those that the service answers today."""

from tests.web.report.reports import FILE, written


def test_recorded_reports_are_current() -> None:
    assert FILE.read_text("utf-8") == written(), "run `python -m tests.web.report.reports`"
