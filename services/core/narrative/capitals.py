"""Names that a capital letter within a sentence makes of ordinary words."""

from collections.abc import Iterator, Sequence

from services.core.narrative.goods_words import PRODUCT
from services.core.narrative.lexicon import Lexicon
from services.core.narrative.senses import Role, Rule, Term, Violation

_OPENS = frozenset('.:!?–—("«“-')
_NAMELIKE = (Role.ORDINARY, Role.VERB, Role.SEEK, Role.JUDGING, Role.BREAK, Role.JOINING)


def names_by_capitals(terms: Sequence[Term], lexicon: Lexicon) -> Iterator[Violation]:
    """A capital letter within a sentence makes a name of an ordinary word: "a Next dress"."""
    words = [term for term in terms if term.text[0].isalpha()]
    inner = [
        term
        for before, term in zip([None, *terms], terms, strict=False)
        if term.text[0].isalpha() and before is not None and before.text not in _OPENS
    ]
    titled = 2 * sum(term.capital for term in inner) > sum(len(term.text.split()) for term in inner)
    for before, term in zip([None, *terms], terms, strict=False):
        known = term.has(*PRODUCT, Role.WEAR, Role.POINTS, Role.TOPIC)
        known = known and term.text not in lexicon.things
        known = known or lexicon.capitals.issuperset(term.text.split())
        first = before is None or before.text in _OPENS
        thing = term.capital and term.text in lexicon.things and not first
        named = term.capital and term.has(*_NAMELIKE) and not known
        if thing or (named and ((titled and len(words) > 1) or not first)):
            yield Violation(Rule.NAME, term.text)
