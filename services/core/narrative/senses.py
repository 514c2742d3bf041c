"""What a term of a text can mean, and the rules that a sentence can break."""

from dataclasses import dataclass, field
from enum import StrEnum
from functools import lru_cache


class Rule(StrEnum):
    """Which rule a sentence breaks."""

    KIND = "kind"
    MATERIAL = "material"
    COLOUR = "colour"
    PATTERN = "pattern"
    WEAR = "wear"
    COUNT = "count"
    SEVERITY = "severity"
    PLACE = "place"
    PHOTO = "photo"
    GRADE = "grade"
    NUMBER = "number"
    ONLY = "only"
    NAME = "name"
    AUTHENTICITY = "authenticity"
    AGE = "age"
    PRICE = "price"
    SIZE = "size"
    FITNESS = "fitness"
    HISTORY = "history"
    COMPLETENESS = "completeness"
    JUDGE = "judge"
    QUALITY = "quality"
    OFFER = "offer"
    UNFAMILIAR = "unfamiliar"
    FORM = "form"


@dataclass(frozen=True)
class Violation:
    """The rule that a text breaks, and the word that breaks it."""

    rule: Rule
    word: str


class Role(StrEnum):
    """What a term does in a sentence. The last ones, from `not`, are the keys of `[grammar]`."""

    ORDINARY = "ordinary"
    CLAIM = "claim"
    KIND = "kind"
    MATERIAL = "material"
    COLOUR = "colour"
    PATTERN = "pattern"
    WEAR = "wear"
    PART = "part"
    STATE = "state"
    SEVERITY = "severity"
    PLACE = "place"
    GRADE = "grade"
    TOPIC = "topic"
    NUMBER = "number"
    ORDINAL = "ordinal"
    QUANTITY = "quantity"
    NOT = "not"
    NO = "no"
    NOTHING = "nothing"
    FREE = "free"
    EXCEPT = "except"
    ASIDE = "aside"
    JOINING = "joining"
    ARTICLE = "article"
    AND = "and"
    OR = "or"
    NOR = "nor"
    BREAK = "break"
    AWAY = "away"
    OTHER = "other"
    ONLY = "only"
    ALL = "all"
    BOTH = "both"
    SEEK = "seek"
    UNJUDGED = "unjudged"
    JUDGING = "judging"
    INSPECTED = "inspected"
    SELLER = "seller"
    WHETHER = "whether"
    REFERRING = "referring"
    UNTOLD = "untold"
    UNTESTED = "untested"
    OF_PHOTOS = "of_photos"
    UNLESS_WEAR = "unless_wear"
    SUMMING = "summing"
    ALIKE = "alike"
    WITHOUT = "without"
    DEFINITE = "definite"
    WITHIN = "within"
    DOUBTING = "doubting"
    TOGETHER = "together"
    DEDUCT = "deduct"
    SCORING = "scoring"
    BRINGS = "brings"
    FULL_SCORE = "full_score"
    VERB = "verb"
    PHOTO = "photo"
    NUMBER_SIGN = "number_sign"
    OUT_OF = "out_of"
    POINTS = "points"
    USED = "used"
    MANNER = "manner"


# Words of any wear, "mark", "damage", and those that stand for it, "anything".
ANY, ANYTHING = "any", "anything"
# The kind of wear that "nothing is missing" denies.
MISSING_PART = "missing_part"
# The number of the last photo, as the data files write it.
LAST = "-1"


@dataclass(frozen=True, slots=True)
class Sense:
    """One meaning of a term. `value` is an id of the catalogue, a rule, a number or another code."""

    role: Role
    value: str = ""
    plural: bool = False


ORDINARY = Sense(Role.ORDINARY)


@dataclass(frozen=True, slots=True)
class Term:
    """The longest phrase that the lexicon has at a place of a text; no senses: unfamiliar."""

    text: str
    senses: frozenset[Sense]
    capital: bool = False
    _roles: frozenset[Role] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_roles", _roles(self.senses))

    def has(self, *roles: Role) -> bool:
        """Whether the term has one of the roles."""
        return not self._roles.isdisjoint(roles)

    def values(self, role: Role) -> frozenset[str]:
        """The values of the term in a role."""
        return frozenset(sense.value for sense in self.senses if sense.role is role)


# Every word of a sentence is asked for its roles many times.
@lru_cache(maxsize=10_000)
def _roles(senses: frozenset[Sense]) -> frozenset[Role]:
    return frozenset(sense.role for sense in senses)
