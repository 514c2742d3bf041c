"""What a score is said of: the goods, or a mark, a part or a look of theirs."""

from collections.abc import Sequence

from services.core.narrative.senses import Role, Term

_ASPECTS = frozenset({"pour la couleur", "pour la matière"})


def is_of_other(ahead: Sequence[Term], before: Sequence[Term], *, of_ten: bool) -> bool:
    """Whether a score is not of the goods: "the chip is rated 8/10", "10/10 for the colour"."""
    scored = any(term.has(Role.SCORING, Role.POINTS, Role.FULL_SCORE) for term in before)
    if not of_ten and len(ahead) > 1 and not scored:
        return True
    if not of_ten and any(term.has(Role.KIND, Role.WEAR) for term in before) and not scored:
        return True
    if any(term.has(Role.MATERIAL, Role.COLOUR, Role.WEAR) or term.text in _ASPECTS for term in ahead[:6]):
        return any(term.text.startswith("pour") for term in ahead) or not of_ten
    about = next((term for term in before if term.has(Role.KIND, Role.WEAR, Role.PART, Role.MATERIAL)), None)
    if about is None or about.has(Role.KIND) or any(term.has(Role.KIND) for term in before):
        return False
    return about.has(Role.WEAR, Role.PART) or not about.text.startswith(("en ", "de "))
