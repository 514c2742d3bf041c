"""A report's texts in one language, with words for its codes."""

from dataclasses import dataclass
from typing import Self

from catalogue.model import Language
from services.core.domain.listing import Labels
from services.core.domain.report import UNKNOWN, Product, Report


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

    def type(self, product: Product) -> str | None:
        """The kind of goods."""
        return self._word(self.labels and self.labels.type, product.type)

    def material(self, product: Product) -> str | None:
        """The material."""
        return self._word(self.labels and self.labels.material, product.material)

    def colour(self, product: Product) -> str | None:
        """The colour."""
        return self._word(self.labels and self.labels.colour, product.colour)

    def pattern(self, product: Product) -> str | None:
        """The pattern."""
        return self._word(self.labels and self.labels.pattern, product.pattern)

    def _word(self, label: str | None, code: str | None) -> str | None:
        if code is None or code == UNKNOWN:
            return None
        # An id of the catalogue is the English name; a report of an earlier release has no labels.
        return label or (spelled(code) if self.language == "en" else None)


def spelled(code: str) -> str:
    """A code in words: `running_shoe` as "running shoe"."""
    return code.replace("_", " ")
