"""The words for a report's codes: what a page prints beside the ids, in one language."""

import json
import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict

from catalogue import Adjective, Catalogue, Noun
from catalogue.model import Language
from services.core.domain import colours
from services.core.domain.assessment import Assessment
from services.core.domain.listing import EvidenceLabel, Labels
from services.core.domain.report import UNKNOWN, Evidence, Reason, Severity
from services.core.narrative.grammar import agree, agreed, spaced, text_of
from services.core.narrative.wording import wording

Asked = Literal["type", "material", "colour", "pattern"]
# Before the name of a pattern as it stands in a sentence: "with an abstract pattern", « à motif abstrait ».
_BEFORE_PATTERN = re.compile(r"^(with an? |with |à )")


class LabelWords(BaseModel):
    """A language's words beside the catalogue's and the grades.

    `unknown` are for what was not recognised, `severities` for the marks of several genders, `wear` are the
    questions about the kinds of wear by their ids.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    yes: str
    no: str
    unknown: dict[Asked, str]
    not_judged: dict[Literal["material", "grade"], str]
    second_hand: str
    severities: dict[Severity, str]
    reasons: dict[Reason, str]
    questions: dict[Asked | Literal["pixels"], str]
    wear: dict[str, str]


@cache
def label_words(language: Language) -> LabelWords:
    """The committed words of a language, read once for each process."""
    path = Path(__file__).parent / "labels" / f"{language}.json"
    return LabelWords.model_validate(json.loads(path.read_text("utf-8")))


def labels(assessment: Assessment, language: Language, catalogue: Catalogue) -> Labels:
    """The words for the assessment's codes, with those of its questions and answers.

    What was not recognised or not judged is said to be so. An id that the catalogue lacks, as a report of an
    earlier one may have, is its own words.
    """
    names, words, wordings = LabelNames(language, catalogue), label_words(language), wording(language)
    product, condition = assessment.product, assessment.condition
    item = names.item(product.type)
    not_asked = product.material == UNKNOWN and assessment.confidence.not_asked
    return Labels(
        type=names.kind(product.type),
        material=words.not_judged["material"] if not_asked else names.material(product.material),
        colour=product.colour and names.colour(product.colour, item),
        pattern=product.pattern and names.pattern(product.pattern, item),
        grade=wordings.grades[condition.grade] if condition.grade else words.not_judged["grade"],
        wear={wear.tag: names.wear(wear.tag) for wear in condition.wear},
        severities={
            severity.value: names.severity(
                severity, [w.tag for w in condition.wear if w.severity is severity]
            )
            for severity in dict.fromkeys(wear.severity for wear in condition.wear)
            if severity
        },
        places={wear.place.value: wordings.places[wear.place] for wear in condition.wear if wear.place},
        reasons={reason.value: words.reasons[reason] for reason in assessment.confidence.reasons},
        evidence=tuple(names.evidence(each) for each in assessment.evidence),
    )


class LabelNames:
    """The names of a catalogue's ids in one language, each by itself, as a form or a search has them.

    `unknown` is named as what was not recognised; an id that the catalogue lacks is its own words.
    """

    def __init__(self, language: Language, catalogue: Catalogue) -> None:
        departments = catalogue.departments.values()
        self._language, self._catalogue = language, catalogue
        self._words, self._wording = label_words(language), wording(language)
        self._materials = {each.id: each.noun for one in departments for each in one.materials}
        self._wear = {each.id: each for one in departments for each in one.wear}

    def item(self, type_: str) -> Noun:
        """The noun that adjectives agree with: the kind's, else that of an article of any kind."""
        kind = self._catalogue.kinds.get(type_)
        return kind.noun if kind else Noun(self._wording.item, self._wording.item, "m")

    def kind(self, type_: str) -> str:
        """What a kind of goods is called."""
        kind = self._catalogue.kinds.get(type_)
        return self._named("type", type_, text_of(kind.noun, self._language) if kind else None)

    def material(self, id_: str) -> str:
        """What a material is called."""
        noun = self._materials.get(id_)
        return self._named("material", id_, text_of(noun, self._language) if noun else None)

    def colour(self, id_: str, item: Noun | None = None) -> str:
        """The colour in the form that goes with the item, by default the one of a dictionary."""
        return self._named("colour", id_, self._agreed(self._catalogue.colours, id_, item))

    def pattern(self, id_: str, item: Noun | None = None) -> str:
        """The pattern likewise, without what joins it to a noun: "abstract pattern", « motif abstrait »."""
        name = self._agreed(self._catalogue.patterns, id_, item)
        return self._named("pattern", id_, _BEFORE_PATTERN.sub("", name) if name else None)

    def wear(self, tag: str) -> str:
        """What a kind of wear is called."""
        return text_of(self._wear[tag].noun, self._language) if tag in self._wear else spaced(tag)

    def severity(self, severity: Severity, tags: Iterable[str]) -> str:
        """The severity of these kinds of wear, in the form that goes with all of them."""
        forms = self._wording.severities[severity]
        agreeing = {
            agree(forms, self._wear[tag].noun, self._language) if tag in self._wear else forms[0]
            for tag in tags
        }
        return agreeing.pop() if len(agreeing) == 1 else self._words.severities[severity]

    def evidence(self, said: Evidence) -> EvidenceLabel:
        """A question of the catalogue and its answer; of an earlier catalogue, in their own words."""
        asked, words, answer = self._catalogue.questions, self._words, said.answer
        match said.question:
            case asked.type:
                return EvidenceLabel(question=words.questions["type"], answer=self.kind(answer))
            case asked.material:
                return EvidenceLabel(question=words.questions["material"], answer=self.material(answer))
            case asked.colour:
                return EvidenceLabel(question=words.questions["colour"], answer=self.colour(answer))
            case colours.QUESTION:
                return EvidenceLabel(question=words.questions["pixels"], answer=self.colour(answer))
            case asked.pattern:
                return EvidenceLabel(question=words.questions["pattern"], answer=self.pattern(answer))
        tag = next((each.id for each in self._wear.values() if each.question == said.question), "")
        return EvidenceLabel(
            question=words.wear.get(tag, said.question),
            answer={"yes": words.yes, "no": words.no}.get(answer) or spaced(answer),
        )

    def _agreed(self, adjectives: Iterable[Adjective], id_: str, item: Noun | None) -> str | None:
        found = next((each for each in adjectives if each.id == id_), None)
        return agreed(found, item or Noun("", "", "m"), self._language) if found else None

    def _named(self, field: Asked, id_: str, name: str | None) -> str:
        return self._words.unknown[field] if id_ == UNKNOWN else name or spaced(id_)
