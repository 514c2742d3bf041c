"""Which reports a list answers: a page of all, of those that a search finds, or those that are named."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from services.core.domain.errors import InvalidInput
from services.core.domain.report_search import ReportSearch
from services.core.storage.pages import MOST_IDS, Page
from services.core.storage.reports import Reports

ID_FORM = r"^[0-9A-HJKMNP-TV-Z]{26}$"
# With commas: some proxies keep only one of several parameters of a name.
IDS_FORM = rf"^[0-9A-HJKMNP-TV-Z]{{26}}(,[0-9A-HJKMNP-TV-Z]{{26}}){{0,{MOST_IDS - 1}}}$"
# What has no meaning beside `ids`.
_OF_PAGES = ("limit", "before", "search")


@dataclass(frozen=True)
class Chosen:
    """A page of at most `limit` reports; or those with `ids`, where there are any."""

    limit: int
    before: str | None
    search: ReportSearch | None
    ids: tuple[str, ...]

    @classmethod
    def of(
        cls, given: Iterable[str], limit: int, before: str | None, search: str | None, ids: str | None
    ) -> Self:
        """Read the parameters of a query; `given` are the names of those that it has.

        Raises InvalidInput for a search without a letter, and for `ids` beside a parameter of pages.
        """
        if ids and (beside := [name for name in _OF_PAGES if name in given]):
            raise InvalidInput(
                "ids", f"names the reports, beside `{beside[0]}`", f"Leave out `ids` or `{beside[0]}`"
            )
        looked_for = None if search is None else ReportSearch.parse(search, "search")
        return cls(limit, before, looked_for, tuple(ids.split(",")) if ids else ())

    def read(self, reports: Reports, owner: str) -> Page:
        """Read them. Raises ReportNotFound for an id that names no report of the owner. Blocks."""
        if self.ids:
            return Page(reports.chosen(owner, self.ids), None)
        return reports.page(owner, self.limit, self.before, self.search)
