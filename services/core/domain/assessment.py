"""The assessment of an observation by rule: what was recognised and judged, and how far to rely on it.

An answer below its threshold is no fact; neither is an answer about photos that show nothing. The thresholds
are the artifact's own, measured when it was calibrated.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Self, TypeVar

from catalogue import Adjective, Catalogue, Department, Kind, Material
from catalogue import Wear as CatalogueWear
from services.core.domain.colours import Colours, Pixels
from services.core.domain.grading import WEAR_ABSENT, WEAR_FOUND, grade_of, mark, score_of
from services.core.domain.observation import Observation
from services.core.domain.recognition import recognise
from services.core.domain.report import (
    UNKNOWN,
    Condition,
    Evidence,
    Flaw,
    Product,
    Reason,
    Reliance,
    Source,
    Sources,
    Wear,
)

# A blurred photo may show what a thing is, though not its wear.
_SHOWS_KIND = frozenset({Flaw.BLURRED})


@dataclass(frozen=True)
class Goods:
    """The product in the catalogue's words; None: unknown, or not asked. `asked` is the wear looked for.

    `narrower` are the kinds that are more specific than its own. A kind, material or wear of an earlier
    catalogue is missing here.
    """

    kind: Kind | None
    material: Material | None
    colour: Adjective | None
    pattern: Adjective | None
    asked: tuple[CatalogueWear, ...]
    narrower: tuple[Kind, ...] = ()

    @classmethod
    def of(cls, product: Product, asked: tuple[CatalogueWear, ...], catalogue: Catalogue) -> Self:
        """The goods that the product's ids name."""
        kind = catalogue.kinds.get(product.type)
        materials = [material for one in catalogue.departments.values() for material in one.materials]
        return cls(
            kind=kind,
            material=_named(materials, product.material),
            colour=_named(catalogue.colours, product.colour),
            pattern=_named(catalogue.patterns, product.pattern),
            asked=asked,
            narrower=tuple(each for each in catalogue.kinds.values() if kind and each.broader == kind.id),
        )


@dataclass(frozen=True)
class Assessment:
    """The judged observation: the only facts that a narrative may use.

    `absent` are the kinds of wear that were looked for and not found; a kind that is neither there nor in the
    condition was not judged. `left_out` says that only some of the photos were judged. `condition_stated` and
    `wear_stated` say that the owner corrected them: the photos need not show it.
    """

    product: Product
    goods: Goods
    condition: Condition
    evidence: tuple[Evidence, ...]
    caption: str
    confidence: Reliance
    absent: frozenset[str]
    left_out: bool
    photos: int = 0
    condition_stated: bool = False
    wear_stated: bool = False

    @property
    def wear_judged(self) -> bool:
        """Whether each kind of wear was either found or seen to be absent."""
        judged = self.absent | {wear.tag for wear in self.condition.wear}
        return bool(judged) and judged >= {wear.id for wear in self.goods.asked}


def photos_to_judge(flaws: Sequence[Sequence[Flaw]]) -> tuple[int, ...]:
    """The indexes of the photos that the model is asked about: those without flaws, else all."""
    return tuple(at for at, found in enumerate(flaws) if not found) or tuple(range(len(flaws)))


def assess(
    observation: Observation,
    flaws: Sequence[Sequence[Flaw]] | None,
    catalogue: Catalogue,
    colours: Sequence[Colours] | None = None,
) -> Assessment:
    """Judge the observation of photos with these flaws, one sequence a photo; None: photos without any.

    `colours` are those of each photo's pixels; None: not measured. The observation has one mapping of wear
    for each photo of `photos_to_judge`, and ids of the catalogue.
    """
    flaws = [()] * max(1, len(observation.wear)) if flaws is None else flaws
    judged = photos_to_judge(flaws)
    department = catalogue.departments[observation.department]
    seen = recognise(observation, catalogue)
    harmless = {Flaw.SEVERAL_THINGS} if seen.kind and seen.kind.pair else set()
    # If a judged photo has a flaw, each of them has one.
    in_the_way = [set(flaws[at]) - harmless for at in judged]
    shows_it = any(found <= _SHOWS_KIND for found in in_the_way)
    kind = seen.kind if shows_it else None
    # Of a kind of another department the materials and the wear were not asked.
    asked = kind is not None and kind.department == department.id
    material = _Choice(observation, "material", catalogue.questions.material, taken=asked)
    pixels = Pixels.of([colours[at] for at in judged]) if colours and kind is not None else Pixels()
    if catalogue.colours and not catalogue.asked_colours:
        colour: _Choice | _Measured = _Measured(pixels, taken=kind is not None)
    else:
        pixels = pixels if observation.colour else Pixels()
        colour = _Choice(
            observation, "colour", catalogue.questions.colour, taken=kind is not None, pixels=pixels
        )
    pattern = _Choice(observation, "pattern", catalogue.questions.pattern, taken=kind is not None)

    looked_for = department.wear if observation.wear else ()
    shown = [_shown(department, tag.id, observation.wear, judged) for tag in looked_for]
    found = tuple(wear for wear in shown if wear.confidence >= WEAR_FOUND)
    absent = frozenset(wear.tag for wear in shown if wear.confidence < WEAR_ABSENT)
    # Where the model is asked about no wear at all, none of it is clear.
    unclear = not department.wear or len(found) + len(absent) < len(department.wear)
    # Of such goods the model is asked for the kind alone, whatever the photos show.
    kind_alone = not department.materials and not department.wear
    wear_shows = asked and not any(in_the_way)
    assessed = wear_shows and (bool(found) or not unclear)
    if not assessed:
        found, absent = (), frozenset()
    score = score_of(wear.points or 0 for wear in found) if assessed else None

    flawed = {flaw for each in flaws for flaw in each} - harmless
    doubts = {
        **{Reason(flaw.value): flaw in flawed for flaw in Flaw},
        Reason.NOT_RECOGNISED: kind is None,
        Reason.MATERIAL_UNCERTAIN: not kind_alone and kind is not None and not material.used,
        Reason.COLOUR_UNCERTAIN: colour.contradicted,
        Reason.WEAR_UNCERTAIN: (
            not kind_alone and kind is not None and not any(in_the_way) and (unclear or not asked)
        ),
        Reason.NOT_ASKED: kind_alone,
        Reason.UNCALIBRATED: not observation.calibrated,
    }
    reasons = tuple(reason for reason, applies in doubts.items() if applies)
    product = Product(
        type=kind.id if kind else UNKNOWN,
        material=material.id or UNKNOWN,
        colour=colour.id,
        pattern=pattern.id,
        suggestion=seen.suggestion if shows_it else None,
        sources=Sources(
            type="model" if kind else None,
            material=material.source,
            colour=colour.source,
            pattern=pattern.source,
        ),
    )
    return Assessment(
        product=product,
        goods=Goods.of(product, looked_for, catalogue),
        condition=Condition(
            status="assessed" if assessed else "not_assessed",
            score=score,
            grade=None if score is None else grade_of(score),
            wear=found,
        ),
        evidence=(
            Evidence(
                question=catalogue.questions.type,
                answer=seen.answer,
                confidence=round(seen.share, 4),
                used=kind is not None,
            ),
            *material.evidence(),
            *colour.evidence(),
            *pixels.evidence(used=colour.used and colour.confirmed),
            *pattern.evidence(),
            *(_wear_evidence(department, wear, assessed) for wear in shown),
        ),
        caption=observation.caption if kind else "",
        confidence=Reliance(
            level="low" if not assessed else "medium" if reasons else "high", reasons=reasons
        ),
        absent=absent,
        left_out=len(judged) < len(flaws),
        photos=len(flaws),
    )


class _Choice:
    """The answer to a question of which the answers exclude each other.

    `id` is the answer, `unknown` if it is not sure enough or not `taken`, None if the model was not asked. An
    answer that the pixels confirm needs no threshold; one that they contradict is not used.
    """

    def __init__(
        self,
        observation: Observation,
        about: str,
        question: str,
        *,
        taken: bool,
        pixels: Pixels = Pixels(),  # noqa: B008 - frozen
    ) -> None:
        shares: Mapping[str, float] = getattr(observation, about)
        self._question = question
        self._answer = max(shares, key=shares.__getitem__, default="")
        self._share = shares.get(self._answer, 0.0)
        sure = bool(shares) and self._share >= observation.thresholds[about]
        self.confirmed = pixels.agree(self._answer)
        self.contradicted = pixels.contradict(self._answer)
        self.used = taken and (sure or self.confirmed) and not self.contradicted
        self.source: Source | None = ("model" if sure else "pixels") if self.used else None
        self.id = (self._answer if self.used else UNKNOWN) if shares else None

    def evidence(self) -> Iterator[Evidence]:
        if self.id is not None:
            confidence = round(min(1.0, self._share), 4)
            yield Evidence(
                question=self._question, answer=self._answer, confidence=confidence, used=self.used
            )


class _Measured:
    """The colour of the pixels, where the model is not asked about colours; `unknown` if they are of many."""

    confirmed, contradicted = True, False

    def __init__(self, pixels: Pixels, *, taken: bool) -> None:
        most = pixels.most() if taken else None
        self.used = most is not None
        self.source: Source | None = "pixels" if self.used else None
        self.id = most or UNKNOWN

    def evidence(self) -> Iterator[Evidence]:
        yield from ()


_Word = TypeVar("_Word", Material, Adjective)


def _named(words: Sequence[_Word], id_: str | None) -> _Word | None:
    return next((word for word in words if word.id == id_), None)


def _shown(
    department: Department, tag: str, wear: Sequence[Mapping[str, Sequence[float]]], judged: Sequence[int]
) -> Wear:
    """The tag on the photo that shows it best, found or not."""
    best = max(range(len(wear)), key=lambda number: max(wear[number][tag]))
    return mark(department, tag, judged[best] + 1, wear[best][tag])


def _wear_evidence(department: Department, shown: Wear, assessed: bool) -> Evidence:
    found = shown.confidence >= WEAR_FOUND
    question = next(tag.question for tag in department.wear if tag.id == shown.tag)
    return Evidence(
        question=question,
        answer="yes" if found else "no",
        confidence=shown.confidence if found else round(1 - shown.confidence, 4),
        used=assessed and (found or shown.confidence < WEAR_ABSENT),
    )
