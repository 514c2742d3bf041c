"""What an owner looks for among reports: words, regardless of case and accents."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Self

from services.core.domain.errors import InvalidInput
from services.core.domain.listing import Labels, Translation
from services.core.domain.report import Report

# A letter with a stroke, or two in one, is no letter with an accent for Unicode.
_LETTERS = str.maketrans({"œ": "oe", "æ": "ae", "ø": "o", "đ": "d", "ł": "l"})
_ACCENTS = re.compile("[\u0300-\u036f]+")
_WORD = re.compile(r"[^\W_]+")


def folded_words(text: str) -> tuple[str, ...]:
    """The words of a text in small letters without accents; what is no letter or digit separates them."""
    if not text.isascii():
        apart = unicodedata.normalize("NFKD", text.casefold().translate(_LETTERS))
        text = _ACCENTS.sub("", apart)
    return tuple(_WORD.findall(text.casefold()))


@dataclass(frozen=True)
class ReportSearch:
    """Finds the reports whose texts have, for each of these words, one that begins with it.

    The texts are title, description, keywords and the words for type, material, colour, pattern, grade and
    wear, in all languages of the report; and its id, as a whole.
    """

    words: tuple[str, ...]

    @classmethod
    def parse(cls, text: str, field: str) -> Self:
        """Read what a person typed. Raises InvalidInput for `field` if it has no letter or digit."""
        words = tuple(dict.fromkeys(folded_words(text)))
        if not words:
            raise InvalidInput(field, "has no letter or digit", "Send a word of the reports to find")
        return cls(words)

    def matches(self, report: Report) -> bool:
        """Whether the report is one of them; one without a result is found by its id alone."""
        if self.words == (report.id.lower(),):
            return True
        if report.title is None:
            return False
        known = f" {' '.join(folded_words('. '.join(_texts(report))))}"
        return all(f" {word}" in known for word in self.words)


def _texts(report: Report) -> Iterator[str]:
    texts: tuple[Report | Translation, ...] = (report, *report.translations.values())
    for said in texts:
        yield said.title or ""
        yield said.description or ""
        yield from said.keywords
        if said.labels is not None:
            yield from _labels(said.labels)


def _labels(labels: Labels) -> Iterator[str]:
    yield from (labels.type, labels.material or "", labels.colour or "", labels.pattern or "", labels.grade)
    yield from labels.wear.values()
