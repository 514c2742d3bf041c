"""What the words for goods mean beside others: the kind, a grade, and words of two readings."""

from collections.abc import Sequence

from services.core.domain.report import UNKNOWN
from services.core.narrative.clauses import Group, Word
from services.core.narrative.facts import Facts
from services.core.narrative.lexicon import Lexicon
from services.core.narrative.senses import Role, Sense, Term

PRODUCT: tuple[Role, ...] = (Role.KIND, Role.MATERIAL, Role.COLOUR, Role.PATTERN)
_AFTER_GRADE = (Role.EXCEPT, Role.NO, Role.POINTS)
# The last words of kinds that are no tool, device, instrument or jewellery, but hold or carry one.
_HOLDERS = frozenset({
    "bag", "belt", "box", "case", "chest", "mount", "rack", "stand", "strap", "door", "window", "sink",
    "bathtub", "toilet", "faucet", "padlock", "handle",
})  # fmt: skip
_THINGS = frozenset({"item", "object", "article", "product", "piece", "thing"})
_COLOURED = frozenset({"coloured", "colored", "colour", "color", "tone", "toned", "tones"})
_OUT_OF = frozenset({"in", "of", "with", "from"})


def is_kind(id_: str, facts: Facts) -> bool:
    """Whether the goods are of a kind, or of a department: its id ends with "/"."""
    kind = facts.assessment.goods.kind
    if id_.endswith("/"):
        return kind is not None and kind.department == id_[:-1] and kind.id.split("_")[-1] not in _HOLDERS
    return id_ in facts.kinds


def joined(word: Word, group: Group) -> bool:
    """Whether a word follows the one before it without a comma or "and"."""
    return all(segment.words[0] is not word for segment in group.segments)


def grades(following: Sequence[Word], group: Group, facts: Facts, lexicon: Lexicon) -> bool:
    """Whether a grade word is one of the goods: "good condition", "good leather bag", not "good leather"."""
    for at, word in enumerate(following):
        term = word.term
        if not joined(word, group):
            return at == 0
        if not at and term.has(Role.ARTICLE):
            # "Good the grade."
            continue
        if any(is_kind(id_, facts) for id_ in term.values(Role.KIND)) and not _is_material(term, facts):
            return True
        if term.text in lexicon.grade_followers or "condition" in term.values(Role.TOPIC):
            return True
        if not term.senses or term.has(*_AFTER_GRADE):
            return not at or term.has(Role.POINTS)
        if not term.has(*PRODUCT, Role.USED, Role.SEVERITY):
            return False
    return not following


def goes_on(words: Sequence[Word], at: int, facts: Facts, lexicon: Lexicon) -> bool:
    """Whether a name goes on from the term before it: "plush toy boat" of a toy boat in plush."""
    before = words[at - 1].term.text.split()[-1:] if at else []
    whole = lexicon.senses_of((*before, *words[at].term.text.split()))
    return bool(before) and any(sense.role is Role.KIND and is_kind(sense.value, facts) for sense in whole)


def _is_material(term: Term, facts: Facts) -> bool:
    return facts.assessment.product.material in term.values(Role.MATERIAL)


def misread(sense: Sense, at: int, group: Group, before: Group | None, facts: Facts) -> bool:
    """Whether an English kind or colour says a material: "a gold ring", "in glass"."""
    words = list(group)
    term = words[at].term
    if not term.has(Role.MATERIAL) or _is_material(term, facts) or " " in term.text:
        return False
    previous = words[at - 1].term if at else None
    following = [word.term for word in words[at + 1 : at + 3]]
    if sense.role is Role.KIND:
        return _names_material(words, at, group, before)
    if sense.role is not Role.COLOUR:
        return False
    near = [*following, *(word.term for word in words[max(0, at - 4) : at])]
    near += [word.term for word in before or ()]
    if any(map(_says_colour, near)):
        return False
    after = words[at + 1 : at + 2]
    if after and joined(after[0], group) and _is_material(after[0].term, facts):
        # "A gold rubber necklace".
        return previous is not None and previous.text in _OUT_OF
    kind, known = facts.assessment.goods.kind, facts.assessment.product.material != UNKNOWN
    if known and kind is not None and kind.department == "jewellery" and not kind.id.endswith("watch"):
        return True
    # "Silver and steel", but "silver steel watch".
    pairs = [words[max(0, at - 1) : at + 1], words[at : at + 2]]
    apart = any(
        len(pair) == 2 and not joined(pair[1], group) and all(word.term.has(Role.MATERIAL) for word in pair)
        for pair in pairs
    )
    return apart or (previous is not None and previous.text in _OUT_OF)


def _says_colour(term: Term) -> bool:
    return not _COLOURED.isdisjoint(term.text.split()) or "colour" in term.values(Role.TOPIC)


def _names_material(words: Sequence[Word], at: int, group: Group, before: Group | None) -> bool:
    """Whether "glass" stands as a material does: without an article, or before "item"."""
    after = words[at + 1 : at + 2]
    if after and (not joined(after[0], group) or after[0].term.text in _THINGS):
        return after[0].term.text in _THINGS or after[0].term.has(Role.MATERIAL)
    first = at
    while first and words[first - 1].term.has(*PRODUCT, Role.GRADE, Role.USED, Role.SEVERITY):
        first -= 1
    if not first:
        return before is not None and any("material" in word.term.values(Role.TOPIC) for word in before)
    previous = words[first - 1].term
    return previous.has(Role.VERB) or previous.text in {*_OUT_OF, "within", "like", "out of"}
