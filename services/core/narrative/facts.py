"""The facts of an assessment by the ids that the prompt gives them, and that an LLM's sentence names."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Literal, get_args

from services.core.domain.assessment import Assessment
from services.core.domain.report import UNKNOWN, Wear

FactId = Literal[
    "kind",
    "material",
    "colour",
    "pattern",
    "grade",
    "mark1",
    "mark2",
    "mark3",
    "mark4",
    "mark5",
    "mark6",
    "mark7",
    "mark8",
    "absent",
    "not_judged",
    "photos",
]
FACT_IDS: tuple[FactId, ...] = get_args(FactId)
_MARKS: tuple[FactId, ...] = tuple(id_ for id_ in FACT_IDS if id_.startswith("mark"))


@dataclass(frozen=True)
class Facts:
    """What is known of an assessment's goods.

    `kind` is a fact of each of them: an unknown kind is said to be not recognised. `absent` are the kinds of
    wear that were looked for and not seen; `not_judged` is what the photos do not show well enough: the whole
    condition, some kinds of wear, or some of the photos.
    """

    assessment: Assessment

    @cached_property
    def marks(self) -> Mapping[FactId, Wear]:
        """The marks by their ids; those beyond the eighth have none."""
        return MappingProxyType(dict(zip(_MARKS, self.assessment.condition.wear, strict=False)))

    @cached_property
    def unclear(self) -> frozenset[str]:
        """The kinds of wear that were looked for, and neither found nor seen to be absent."""
        asked = {wear.id for wear in self.assessment.goods.asked}
        return frozenset(
            asked - self.assessment.absent - {wear.tag for wear in self.assessment.condition.wear}
        )

    @cached_property
    def kinds(self) -> frozenset[str]:
        """The ids of the kind and of the more general kinds that it belongs to."""
        kind = self.assessment.goods.kind
        return frozenset(filter(None, (kind.id, kind.broader))) if kind else frozenset()

    @cached_property
    def ids(self) -> frozenset[FactId]:
        """The facts that this assessment has."""
        seen, product = self.assessment, self.assessment.product
        judged = seen.condition.status == "assessed"
        has: dict[FactId, bool] = {
            "kind": True,
            "material": product.material != UNKNOWN,
            "colour": product.colour not in (None, UNKNOWN),
            "pattern": product.pattern not in (None, UNKNOWN),
            "grade": judged,
            "absent": judged and bool(seen.absent),
            "not_judged": not judged or seen.left_out or bool(self.unclear),
            "photos": seen.photos > 0,
        }
        return frozenset(id_ for id_, is_one in has.items() if is_one) | frozenset(self.marks)
