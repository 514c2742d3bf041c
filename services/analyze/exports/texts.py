"""A report's texts in one language, with words for its codes."""

from dataclasses import dataclass
from typing import Literal, Self

from catalogue.model import Language
from services.core.domain.listing import Labels
from services.core.domain.report import UNKNOWN, Product, Report
from services.core.narrative.grammar import spaced

Named = Literal["type", "material", "colour", "pattern"]


@dataclass(frozen=True)
class Texts:
    """What a succeeded report says in `language`; the words are None where they are not known."""

    language: Language
    title: str
    description: str
    keywords: tuple[str, ...] = ()
    labels: Labels | None = None

    @classmethod
    def of(cls, report: Report, language: Language | None = None) -> Self:
        """The texts in `language`; in the report's own where it has no others, or None is given."""
        if language is not None and (other := report.translations.get(language)) is not None:
            return cls(language, other.title, other.description, other.keywords, other.labels)
        title, description = report.title or "", report.description or ""
        return cls(report.language, title, description, report.keywords, report.labels)

    def word(self, product: Product, name: Named) -> str | None:
        """The word for one of the product's codes; None: unknown, or not asked."""
        code: str | None = getattr(product, name)
        if code is None or code == UNKNOWN:
            return None
        label: str | None = getattr(self.labels, name) if self.labels else None
        # An id of the catalogue is the English name; a report of an earlier release has no labels.
        return label or (spaced(code) if self.language == "en" else None)
