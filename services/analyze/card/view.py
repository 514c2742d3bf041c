"""What the card of a succeeded report shows, in the words of the report's language."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, Self, get_args

from catalogue.model import Language
from services.analyze.card.words import CardWords, card_words
from services.analyze.documents import Photo, Report
from services.analyze.exports.texts import Named, Texts
from services.core.domain.listing import Labels
from services.core.domain.report import (
    UNKNOWN,
    Condition,
    Corrections,
    Place,
    Product,
    Reliance,
    Severity,
    Tag,
)
from services.core.narrative.grammar import spaced


@dataclass(frozen=True)
class Fact:
    """A line about the product. Of one that the owner corrected, `before` is what the report had said.

    `language` is that of the value where it is not the card's.
    """

    name: str
    value: str
    before: str | None = None
    language: Language | None = None


@dataclass(frozen=True)
class ListedMark:
    """A mark of wear: what and where it is, and what it takes from the score; None: not known."""

    text: str
    photo: str | None
    points: str | None
    by_owner: bool


@dataclass(frozen=True)
class ShownPhoto:
    """A photo with the marks that it shows best."""

    photo: Photo
    caption: str
    alt: str
    marks: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """The report's texts in one language."""

    texts: Texts
    heading: str
    keywords: str | None


@dataclass(frozen=True)
class Card:
    """All that the card shows; its sentences are whole."""

    words: CardWords
    language: Language
    title: str
    facts: tuple[Fact, ...]
    grade: str | None
    score: str | None
    not_assessed: str
    condition_before: str | None
    marks: tuple[ListedMark, ...]
    photos: tuple[ShownPhoto, ...]
    until: str | None
    sections: tuple[Section, ...]
    title_before: str | None
    description_before: str | None
    reliance: str | None
    reasons: tuple[str, ...]
    unsure: tuple[str, ...]
    footer: tuple[str, ...]

    @classmethod
    def of(cls, report: Report) -> Self:
        """The card of a report; raises ValueError for one that has not succeeded."""
        if report.product is None or report.condition is None:
            raise ValueError("only a succeeded report has a card")
        words, texts = card_words()[report.language], Texts.of(report)
        assessed = report.condition.status == "assessed"
        said = _Said(words, texts.labels, report.confidence)
        return cls(
            words=words,
            language=report.language,
            title=texts.title,
            facts=_facts(report, report.product, texts, words),
            grade=said.grade(report.condition) if assessed else None,
            score=words.score.format(score=report.condition.score) if assessed else None,
            not_assessed=said.not_assessed,
            condition_before=said.condition_before(report.corrections),
            marks=said.marks(report.condition),
            photos=tuple(said.photo(photo, texts.title) for photo in report.photos),
            until=_until(report, words),
            sections=_sections(report),
            title_before=said.text_before(report.corrections, "title"),
            description_before=said.text_before(report.corrections, "description"),
            reliance=_reliance(report, words),
            reasons=said.reasons(report),
            unsure=said.unsure(report),
            footer=_footer(report, words),
        )


class _Said:
    """The words for codes: the report's labels, or the code itself where the report has none."""

    def __init__(self, words: CardWords, labels: Labels | None, confidence: Reliance | None) -> None:
        self._words = words
        self.not_assessed = words.condition_not_judged if _not_asked(confidence) else words.not_assessed
        self._labels = labels
        self._wear = labels.wear if labels else {}
        self._severities = labels.severities if labels else {}
        self._places = labels.places if labels else {}

    def grade(self, condition: Condition) -> str | None:
        return (self._labels and self._labels.grade) or condition.grade

    def condition_before(self, corrections: Corrections | None) -> str | None:
        if corrections is None or corrections.condition is None:
            return None
        was = corrections.original.condition
        if was.status != "assessed":
            return self._words.before.format(text=self.not_assessed)
        labels = corrections.original.labels
        wear = labels.wear if labels else {}
        tags = ", ".join(wear.get(each.tag) or spaced(each.tag) for each in was.wear)
        score = self._words.score.format(score=was.score)
        return self._words.before.format(text=" · ".join(filter(None, [score, tags])))

    def text_before(
        self, corrections: Corrections | None, name: Literal["title", "description"]
    ) -> str | None:
        if corrections is None or getattr(corrections, name) is None:
            return None
        return self._words.before.format(text=getattr(corrections.original, name))

    def marks(self, condition: Condition) -> tuple[ListedMark, ...]:
        return tuple(
            ListedMark(
                text=self._mark(each.tag, each.severity, each.place),
                photo=self._words.photo.format(number=each.photo) if each.photo else None,
                points=self._words.points.format(points=each.points) if each.points is not None else None,
                by_owner=each.source == "owner" or each.photo is None,
            )
            for each in condition.wear
        )

    def photo(self, photo: Photo, title: str) -> ShownPhoto:
        marks = tuple(self._mark(each.tag, each.severity, each.place) for each in photo.marks)
        alt = self._words.photo_of.format(number=photo.number, title=title)
        return ShownPhoto(
            photo=photo,
            caption=self._words.photo.format(number=photo.number),
            alt=" – ".join(filter(None, [alt, "; ".join(marks)])),
            marks=marks,
        )

    def reasons(self, report: Report) -> tuple[str, ...]:
        labels = self._labels.reasons if self._labels else {}
        codes = report.confidence.reasons if report.confidence else ()
        return tuple(labels.get(code) or spaced(code) for code in codes)

    def unsure(self, report: Report) -> tuple[str, ...]:
        labels = self._labels.evidence if self._labels else ()
        lines = []
        for number, each in enumerate(report.evidence):
            if not each.used:
                words = labels[number] if number < len(labels) else each
                percent = round(100 * each.confidence)
                lines.append(
                    self._words.unsure_answer.format(
                        question=words.question, answer=words.answer, percent=percent
                    )
                )
        return tuple(lines)

    def _mark(self, tag: Tag, severity: Severity | None, place: Place | None) -> str:
        parts = [self._wear.get(tag) or spaced(tag)]
        if severity is not None:
            parts.append(self._severities.get(severity) or spaced(severity))
        if place is not None:
            parts.append(self._places.get(place) or spaced(place))
        return ", ".join(parts)


def _facts(report: Report, product: Product, texts: Texts, words: CardWords) -> tuple[Fact, ...]:
    category = report.listing.category if report.listing else None
    facts = [Fact(words.category, category.path, language="en")] if category else []
    for name in get_args(Named):
        code = getattr(product, name)
        if code is not None:
            shown = _word(code, name, texts.labels, words, report.confidence)
            facts.append(Fact(getattr(words, name), shown, _before(report, name, words)))
    return tuple(facts)


def _before(report: Report, name: Named, words: CardWords) -> str | None:
    corrections = report.corrections
    if corrections is None or corrections.product is None or getattr(corrections.product, name) is None:
        return None
    original = corrections.original
    text = _word(getattr(original.product, name), name, original.labels, words, report.confidence)
    return words.before.format(text=text)


def _word(
    code: str | None, name: Named, labels: Labels | None, words: CardWords, confidence: Reliance | None
) -> str:
    if name == "material" and code == UNKNOWN and _not_asked(confidence):
        return words.material_not_judged
    word: str | None = getattr(labels, name) if labels else None
    return word or (words.not_recognised if code in (None, UNKNOWN) else spaced(code))


def _not_asked(confidence: Reliance | None) -> bool:
    """Whether the model judges neither material nor wear of such goods, whatever their photos show."""
    return confidence is not None and confidence.not_asked


def _reliance(report: Report, words: CardWords) -> str | None:
    """How far the photos can be relied on: what the owner has corrected since does not change it."""
    if report.confidence is None:
        return None
    text: str = getattr(words, report.confidence.level)
    given = report.corrections
    about_facts = given is not None and (given.product is not None or given.condition is not None)
    return words.before.format(text=text) if about_facts else text


def _sections(report: Report) -> tuple[Section, ...]:
    languages = [report.language, *(each for each in report.translations if each != report.language)]
    all_words = card_words()
    sections = []
    for language in languages:
        texts, words = Texts.of(report, language), all_words[language]
        keywords = words.keywords.format(words=", ".join(texts.keywords)) if texts.keywords else None
        sections.append(Section(texts, words.language, keywords))
    return tuple(sections)


def _until(report: Report, words: CardWords) -> str | None:
    ends = [photo.expires_at for photo in report.photos]
    return words.until.format(time=_time(min(ends))) if ends else None


def _footer(report: Report, words: CardWords) -> tuple[str, ...]:
    model = report.model.bridge or report.model.artifact or report.model.endpoint
    made = words.made.format(time=_time(report.created_at), photos=len(report.photos), model=model)
    lines = [words.report.format(id=report.id), made]
    if report.corrections is not None:
        lines.append(words.corrected.format(time=_time(report.corrections.corrected_at)))
    return tuple(lines)


def _time(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
