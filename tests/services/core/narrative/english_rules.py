"""Finds in an English text an article that does not go with its word, by its own lists of exceptions."""

import re

from tests.services.core.narrative.french_genders import words

# Words with a vowel that is not spoken first, and those with a consonant that is not.
_AS_CONSONANT = re.compile(
    r"(europ|eu|ewer|one-|ouija|u-|UHF|UPS|USB|UV|u(biq|kulele|nicorn|nicycle|niform|nion|nique|nisex|nit|niversal"
    r"|niversity|rinal|sable|sage|sb|sed|ser|seful|sual|tensil|tility|topia))"
)
_AS_VOWEL = re.compile(
    r"(heir|honest|honor|honour|hour|(8|11|18)(?!\d)|8\d|(?!MIDI)[AEFHILMNORSX](-|[A-Z0-9]|\b)|[aefhilmnorsx]-)"
)
_ARTICLE = re.compile(r"\b([Aa]n?) ([\w'-]+)")
_OTHERS = re.compile(
    r"  |(?<![-\w])(\w{3,}) \1(?![-\w])| [,.)]|\( "
    r"|\b[Aa] (?:scissors|jeans|pants|glasses|tights|shorts|pliers)\b(?! \w)"
)
_VOWELS = words("a e i o u é")


def faults(text: str) -> list[str]:
    """Return each place of the text that breaks a rule, as it stands there."""
    wrong = [
        match[0] for match in _ARTICLE.finditer(text) if _spoken_as_vowel(match[2]) != (len(match[1]) == 2)
    ]
    return wrong + [match[0] for match in _OTHERS.finditer(text)]


def _spoken_as_vowel(word: str) -> bool:
    if _AS_CONSONANT.match(word):
        return False
    return bool(_AS_VOWEL.match(word)) or word[0].lower() in _VOWELS
