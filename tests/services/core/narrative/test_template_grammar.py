"""The template's texts, held against each language's grammar."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle, islice

import pytest

from catalogue import load
from catalogue.model import Language
from services.core.domain.assessment import Assessment
from services.core.domain.report import Place, Severity
from services.core.narrative.sentences import FactSentences
from services.core.narrative.template import template_text
from services.core.narrative.wording import wording
from tests.services.core.narrative import english_rules, french_rules
from tests.services.core.narrative.goods import assessment_of, worn_mark

SEVERITIES = [*Severity, None]
PLACES = [*Place, None]
GOODS = load()


def assessments() -> Iterator[Assessment]:
    """Every fifth kind; materials, colours, patterns, marks and who stated them take turns."""
    colours, patterns = cycle([*GOODS.colours, None]), cycle([*GOODS.patterns, None])
    severities, places, counts = cycle(SEVERITIES), cycle(PLACES), cycle(range(5))
    for department in GOODS.departments.values():
        materials, wear = cycle([*department.materials, None]), cycle(department.wear)
        for kind in department.kinds[::5]:
            marks = [
                worn_mark(each.id, next(places), next(severities)) for each in islice(wear, next(counts))
            ]
            looks = (next(materials), next(colours), next(patterns))
            material, colour, pattern = (one.id if one else None for one in looks)
            seen = assessment_of(GOODS, kind.id, material, marks, colour, pattern)
            yield seen
            yield replace(seen, wear_stated=True, condition_stated=True)
            yield replace(seen, left_out=True, absent=frozenset(sorted(seen.absent)[::2]))


@pytest.mark.parametrize(("language", "faults"), [("en", english_rules.faults), ("fr", french_rules.faults)])
def test_template_keeps_the_grammar(language: Language, faults: Callable[[str], list[str]]) -> None:
    texts = [template_text(seen, wording(language)) for seen in assessments()]
    assert len(texts) > 1000
    assert faults("\n".join(f"{text.title}\n{text.description}" for text in texts)) == []


def test_colour_and_pattern_agree_by_themselves() -> None:
    """Beside no name they do not take its gender and number: « Couleur : blanc » of scissors."""
    seen = assessment_of(GOODS, "scissors", None, [], "white", "abstract")
    said = FactSentences(seen, wording("fr")).of(["colour", "pattern"])
    assert [sentence.text for sentence in said] == ["Couleur : blanc.", "Aspect : à motif abstrait."]
