"""What a listing has beside the facts: the words in every language of the report, and the trade's fields.

It is made when a report ends, again when its facts are corrected, and stored: reading needs no catalogue.
"""

from collections.abc import Mapping
from typing import Any

from catalogue import Catalogue
from catalogue.model import Language
from services.core.domain.assessment import Assessment
from services.core.domain.listing import Category, Listing, Translation
from services.core.domain.report import UNKNOWN, Product
from services.core.domain.trade.conditions import trade_condition
from services.core.domain.trade.specifics import item_specifics
from services.core.narrative.keywords import keywords
from services.core.narrative.labels import LabelNames, labels


def listed(
    assessment: Assessment, texts: Mapping[Language, Translation], catalogue: Catalogue
) -> dict[str, Any]:
    """The report's fields `keywords`, `labels`, `translations` and `listing`.

    `texts` has the title and description of each language, the report's own first.
    """
    worded = {
        language: text.model_copy(
            update={
                "keywords": keywords(assessment, language, catalogue),
                "labels": labels(assessment, language, catalogue),
            }
        )
        for language, text in texts.items()
    }
    own, *others = worded
    return {
        "keywords": worded[own].keywords,
        "labels": worded[own].labels,
        "translations": {language: worded[language] for language in others},
        "listing": _listing(assessment, own, catalogue),
    }


def _listing(assessment: Assessment, language: Language, catalogue: Catalogue) -> Listing:
    kind = assessment.goods.kind
    return Listing(
        category=Category(number=kind.category.number, path=kind.category.path) if kind else None,
        condition=trade_condition(assessment.condition, kind.category.path if kind else None),
        specifics=item_specifics(
            kind.department if kind else None, _seen(assessment.product, LabelNames(language, catalogue))
        ),
    )


def _seen(product: Product, names: LabelNames) -> dict[str, str | None]:
    """The words for what is known of the product."""
    naming = {
        "type": names.kind,
        "material": names.material,
        "colour": names.colour,
        "pattern": names.pattern,
    }
    ids = {field: getattr(product, field) for field in naming}
    return {field: naming[field](id_) if id_ not in (None, UNKNOWN) else None for field, id_ in ids.items()}
