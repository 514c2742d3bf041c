"""From the model's probabilities to a product and its condition, by rule."""

from dataclasses import dataclass

from services.core.domain.observation import Observation
from services.core.domain.report import Condition, Evidence, Grade, Product, Wear
from services.core.domain.vocabulary import vocabulary

WEAR_THRESHOLD = 0.5
# The index is the number of kinds of wear; the last entry stands for that many or more.
CONDITION_BY_WEAR = ((10, Grade.EXCELLENT), (8, Grade.GOOD), (6, Grade.FAIR), (4, Grade.WORN))


@dataclass(frozen=True)
class Assessment:
    """The judged observation: the only facts that a narrative may use."""

    product: Product
    condition: Condition
    evidence: tuple[Evidence, ...]
    caption: str


def assess(observation: Observation) -> Assessment:
    """Take the most probable type and material, and each kind of wear that a photo shows."""
    words = vocabulary()
    type_, type_confidence = _likeliest(observation.type)
    material, material_confidence = _likeliest(observation.material)
    wear = []
    evidence = [
        Evidence(question=words.type.question, answer=type_, confidence=type_confidence),
        Evidence(question=words.material.question, answer=material, confidence=material_confidence),
    ]
    for tag in words.wear.candidates:
        shown = [photo[tag] for photo in observation.wear]
        strongest = max(shown)
        found = strongest >= WEAR_THRESHOLD
        if found:
            wear.append(Wear(tag=tag, photo=shown.index(strongest) + 1, confidence=round(strongest, 4)))
        evidence.append(
            Evidence(
                question=words.wear.question.format(tag=tag),
                answer="yes" if found else "no",
                confidence=round(strongest if found else 1 - strongest, 4),
            )
        )
    score, grade = CONDITION_BY_WEAR[min(len(wear), len(CONDITION_BY_WEAR) - 1)]
    return Assessment(
        product=Product(type=type_, material=material),
        condition=Condition(score=score, grade=grade, wear=tuple(wear)),
        evidence=tuple(evidence),
        caption=observation.caption,
    )


def _likeliest(scores: dict[str, float]) -> tuple[str, float]:
    answer = max(scores, key=scores.__getitem__)
    return answer, round(scores[answer], 4)
