"""The assessment of an observation by rule: what was recognised and judged, and how far to rely on it.

An answer below its floor is no fact; neither is an answer about photos that show nothing.
The floors are measured by `make bench-accuracy`: see decision 0053.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.core.domain.observation import Observation, vocabulary
from services.core.domain.report import (
    UNKNOWN,
    Condition,
    Evidence,
    Flaw,
    Grade,
    Product,
    Reason,
    Reliance,
    Wear,
)

# An answer of less probability is not taken: the product, or its material, is then unknown.
TYPE_FLOOR, MATERIAL_FLOOR = 0.7, 0.7
# Wear is found from the first probability on, and absent below the second; between, it is not judged.
WEAR_FOUND, WEAR_ABSENT = 0.5, 0.2
# The index is the number of kinds of wear; the last entry stands for that many or more.
CONDITION_BY_WEAR = ((10, Grade.EXCELLENT), (8, Grade.GOOD), (6, Grade.FAIR), (4, Grade.WORN))
# A blurred photo may show what a thing is, though not its wear.
_SHOWS_KIND = frozenset({Flaw.BLURRED})
# Of these, two are one article.
_PAIRS = frozenset({"shoe"})


@dataclass(frozen=True)
class Assessment:
    """The judged observation: the only facts that a narrative may use.

    `absent` are the kinds of wear that were looked for and not found; a kind that is neither there nor in the
    condition was not judged. `left_out` says that only some of the photos were judged. `condition_stated` and
    `wear_stated` say that the owner corrected them: the photos need not show it.
    """

    product: Product
    condition: Condition
    evidence: tuple[Evidence, ...]
    caption: str
    confidence: Reliance
    absent: frozenset[str]
    left_out: bool
    condition_stated: bool = False
    wear_stated: bool = False

    @property
    def wear_judged(self) -> bool:
        """Whether each kind of wear was either found or seen to be absent."""
        return len(self.absent) + len(self.condition.wear) == len(vocabulary().wear.candidates)


def photos_to_judge(flaws: Sequence[Sequence[Flaw]]) -> tuple[int, ...]:
    """The indexes of the photos that the model is asked about: those without flaws, else all."""
    return tuple(at for at, found in enumerate(flaws) if not found) or tuple(range(len(flaws)))


def assess(observation: Observation, flaws: Sequence[Sequence[Flaw]] | None = None) -> Assessment:
    """Judge the observation of photos with these flaws, one sequence a photo; None: photos without any.

    The observation has one mapping of wear for each photo of `photos_to_judge`.
    """
    flaws = [()] * len(observation.wear) if flaws is None else flaws
    judged = photos_to_judge(flaws)
    words = vocabulary()
    type_, type_share = _likeliest(observation.type)
    harmless = {Flaw.SEVERAL_THINGS} if type_ in _PAIRS else set()
    # If a judged photo has a flaw, each of them has one.
    in_the_way = [set(flaws[at]) - harmless for at in judged]
    shows_it = any(found <= _SHOWS_KIND for found in in_the_way)
    recognised = shows_it and type_ != UNKNOWN and type_share >= TYPE_FLOOR
    material, material_share = _likeliest(observation.material)
    material_known = recognised and material_share >= MATERIAL_FLOOR

    shown = [_shown(tag, observation.wear, judged) for tag in words.wear.candidates]
    found = tuple(wear for wear in shown if wear.confidence >= WEAR_FOUND)
    absent = frozenset(wear.tag for wear in shown if wear.confidence < WEAR_ABSENT)
    unclear = len(found) + len(absent) < len(shown)
    wear_shows = recognised and not any(in_the_way)
    assessed = wear_shows and (bool(found) or not unclear)
    if not assessed:
        found, absent = (), frozenset()
    score, grade = CONDITION_BY_WEAR[min(len(found), len(CONDITION_BY_WEAR) - 1)]

    flawed = {flaw for each in flaws for flaw in each} - harmless
    doubts = {
        **{Reason(flaw.value): flaw in flawed for flaw in Flaw},
        Reason.NOT_RECOGNISED: not recognised,
        Reason.MATERIAL_UNCERTAIN: recognised and not material_known,
        Reason.WEAR_UNCERTAIN: wear_shows and unclear,
        Reason.UNCALIBRATED: not observation.calibrated,
    }
    reasons = tuple(reason for reason, applies in doubts.items() if applies)
    return Assessment(
        product=Product(
            type=type_ if recognised else UNKNOWN, material=material if material_known else UNKNOWN
        ),
        condition=Condition(
            status="assessed" if assessed else "not_assessed",
            score=score if assessed else None,
            grade=grade if assessed else None,
            wear=found,
        ),
        evidence=(
            Evidence(question=words.type.question, answer=type_, confidence=type_share, used=recognised),
            Evidence(
                question=words.material.question,
                answer=material,
                confidence=material_share,
                used=material_known,
            ),
            *(_wear_evidence(wear, assessed) for wear in shown),
        ),
        caption=observation.caption if recognised else "",
        confidence=Reliance(
            level="low" if not assessed else "medium" if reasons else "high", reasons=reasons
        ),
        absent=absent,
        left_out=len(judged) < len(flaws),
    )


def _likeliest(scores: Mapping[str, float]) -> tuple[str, float]:
    answer = max(scores, key=scores.__getitem__)
    return answer, round(scores[answer], 4)


def _shown(tag: str, wear: Sequence[Mapping[str, float]], judged: Sequence[int]) -> Wear:
    """The tag on the photo that shows it best, found or not."""
    best = max(range(len(judged)), key=lambda number: wear[number][tag])
    return Wear(tag=tag, photo=judged[best] + 1, confidence=round(wear[best][tag], 4))


def _wear_evidence(shown: Wear, assessed: bool) -> Evidence:
    found = shown.confidence >= WEAR_FOUND
    return Evidence(
        question=vocabulary().wear.question.format(tag=shown.tag),
        answer="yes" if found else "no",
        confidence=shown.confidence if found else round(1 - shown.confidence, 4),
        used=assessed and (found or shown.confidence < WEAR_ABSENT),
    )
