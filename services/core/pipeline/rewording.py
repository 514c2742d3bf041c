"""Words a report again by the LLM, from its facts as they are now, its owner's corrections included."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from anyio import to_thread

from catalogue import Catalogue
from catalogue.model import Language
from services.core.analytics.report_analytics import ReportAnalytics
from services.core.domain.corrections import GivenCorrections, Rewording, corrected
from services.core.domain.errors import WordingRefused
from services.core.domain.listing import Translation
from services.core.domain.report import Report
from services.core.domain.stored_report import StoredReport
from services.core.narrative.lexicon import lexicon
from services.core.narrative.narrator import Narrative, Narrator
from services.core.pipeline.corrections import assessment_of
from services.core.pipeline.ended import Prices
from services.core.pipeline.report_catalogue import catalogue_of
from services.core.storage.reports import Reports

# Each may bill a call of the LLM, and no quota counts it.
MOST_REWORDINGS = 20
RETRY_AFTER_S = 1
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Claim:
    """A rewording that is counted: the report whose facts are worded, its corrections, its photos' number."""

    shown: Report
    given: GivenCorrections
    photos: int


@dataclass(frozen=True)
class Reworder:
    """Words reports again, at most MOST_REWORDINGS times each."""

    reports: Reports
    narrator: Narrator
    prices: Prices
    catalogue: Catalogue
    analytics: ReportAnalytics

    async def reword(self, owner: str, report_id: str) -> StoredReport:
        """Word one of the owner's reports again, and return it; what the LLM has worded already stays.

        The text that the LLM does not give is the template's, and the next call asks it again. A call is
        counted before the LLM is asked: if this process ends half-way, the report stays as it was. Raises
        ReportNotFound, ReportNotCorrectable unless the report has succeeded, or WordingRefused for the last
        call of its number, and for facts that are corrected meanwhile.
        """
        stored, claim = await to_thread.run_sync(self._claim, owner, report_id)
        if claim is None:
            return stored
        languages = claim.shown.languages or (claim.shown.language,)
        goods = await to_thread.run_sync(self._goods, claim.shown, languages)
        assessment = assessment_of(claim.shown, goods, claim.photos)
        narrative = await self.narrator.narrate(assessment, languages, goods)
        self.analytics.llm_called(narrative.call, owner, self.prices.llm)
        return await to_thread.run_sync(self._keep, owner, report_id, claim, narrative)

    def _goods(self, shown: Report, languages: Sequence[Language]) -> Catalogue:
        """The catalogue that words the report, with its lexicons made: each takes half a second."""
        goods = catalogue_of(shown, self.catalogue)
        for language in {*languages, "en"}:
            lexicon(goods, language)
        return goods

    def _claim(self, owner: str, report_id: str) -> tuple[StoredReport, _Claim | None]:
        """Count a rewording; None if there is nothing to word."""
        claim: _Claim | None = None

        def change(stored: StoredReport, given: GivenCorrections | None) -> GivenCorrections | None:
            nonlocal claim
            claim = None
            shown = corrected(stored.report, given) if given else stored.report
            if not _to_word(shown):
                return given
            counted = _counted(given)
            claim = _Claim(shown, counted, len(stored.photos))
            return counted

        stored = self.reports.correct(owner, report_id, change)
        return stored, claim

    def _keep(self, owner: str, report_id: str, claim: _Claim, narrative: Narrative) -> StoredReport:
        bill = self.prices.llm_usd(narrative)
        outdated = False

        def change(stored: StoredReport, given: GivenCorrections | None) -> GivenCorrections | None:
            nonlocal outdated
            # A task of an earlier release takes the count away with the last correction.
            given = given or claim.given
            outdated = not claim.given.same_facts(given)
            bills = (*(given.bills or ()), *([] if bill is None else [bill]))
            changes: dict[str, object] = {"bills": bills or None}
            if not outdated and narrative.source != "template":
                changes["reworded"] = _worded(narrative, self.narrator.llm)
            return given.model_copy(update=changes)

        stored = self.reports.correct(owner, report_id, change)
        _log(report_id, narrative, bill, outcome="outdated" if outdated else narrative.source)
        if outdated:
            problem = "the report was corrected while it was being worded"
            raise WordingRefused(f"{problem}; send the request again", RETRY_AFTER_S)
        return stored


def _to_word(shown: Report) -> bool:
    """Whether the LLM has not worded the report's present facts, and its words would be seen."""
    given = shown.corrections
    owners = given is not None and given.title is not None and given.description is not None
    return shown.narrative == "template" and not (owners and len(shown.languages) <= 1)


def _counted(given: GivenCorrections | None) -> GivenCorrections:
    given = given or GivenCorrections(corrected_at=datetime.now(UTC))
    count = (given.rewordings or 0) + 1
    if count > MOST_REWORDINGS:
        problem = f"this report was worded again {MOST_REWORDINGS} times, the most that is allowed"
        raise WordingRefused(f"{problem}; correct its title and description by PATCH instead", None)
    return given.model_copy(update={"rewordings": count})


def _worded(narrative: Narrative, llm: str) -> Rewording:
    texts = {
        language: Translation(title=text.title, description=text.description, narrative=text.source)
        for language, text in narrative.texts.items()
    }
    return Rewording(texts=texts, llm=llm)


def _log(report_id: str, narrative: Narrative, bill: float | None, outcome: str) -> None:
    usage = narrative.usage
    tokens = usage.prompt_tokens + usage.completion_tokens if usage is not None else None
    known = {"LlmTokens": tokens, "CostUsd": bill}
    metrics = {name: value for name, value in known.items() if value is not None}
    extra = {"report": report_id, "outcome": outcome, "cost_usd": bill, "metrics": metrics}
    logger.info("report worded again", extra=extra)
