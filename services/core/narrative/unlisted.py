"""What a word or sign in no list breaks: it could be a name, a number, a price or any claim."""

import re
from collections.abc import Iterator

from services.core.narrative.senses import Rule, Term, Violation

_SIGN = re.compile(r"[^\w]+")
_PRICES, _SIZES = frozenset("€$£%"), frozenset("+")


def unlisted(term: Term) -> Iterator[Violation]:
    """The rule that a term without a sense breaks; a plain sign breaks none."""
    if term.senses or term.text.isdecimal():
        return
    if not _SIGN.fullmatch(term.text):
        rule = Rule.NAME if term.capital else Rule.UNFAMILIAR
        yield Violation(Rule.NUMBER if term.text[0].isdigit() else rule, term.text)
    elif term.text in _PRICES:
        yield Violation(Rule.PRICE, term.text)
    elif term.text in _SIZES:
        yield Violation(Rule.FORM, term.text)
