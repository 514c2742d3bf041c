"""A text as tokens: words, numbers and signs, or nothing where it is not a plain sentence."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from catalogue.model import Language

LONGEST = 400
# Printed inside a sentence; everything else is markup, another script, or an invisible character.
_SIGNS = frozenset(" .,;:!?'\"()/-–—&#%€$£°+…«»“”")
_SPACES = str.maketrans({"\N{NO-BREAK SPACE}": " ", "\N{NARROW NO-BREAK SPACE}": " ", "’": "'", "‘": "'"})
_SPACES.update(str.maketrans({"\N{NON-BREAKING HYPHEN}": "-", "\N{HYPHEN}": "-"}))
_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*[^\W_]*|[^\W_]+(?:'[^\W_]+)*'?|\s-+\s|\S")
_ENGLISH = re.compile(r"(?i)(n't|'[a-z]+|')$")
# French words that keep their apostrophe.
_WHOLE = frozenset({"aujourd'hui", "quelqu'un", "quelqu'une", "presqu'île", "d'abord"})


@dataclass(frozen=True, slots=True)
class Token:
    """One token: `text` in lower case, and whether it begins with a capital letter."""

    text: str
    capital: bool = False


def plain(text: str) -> str | None:
    """The text in NFC with plain spaces and apostrophes, or None where it is not one line of plain prose."""
    if len(text) > LONGEST:
        return None
    text = unicodedata.normalize("NFC", text).translate(_SPACES).strip()
    return text if text and all(map(_is_plain, text)) else None


def tokens(text: str, language: Language) -> list[Token]:
    """The tokens of a plain text. A hyphen within a word separates; "isn't" is "is" and "n't"."""
    found: list[Token] = []
    for match in _TOKEN.finditer(text):
        piece = match.group().strip()
        if piece == "-" and match.group() == piece:
            continue
        found.extend(
            Token(part.lower(), part[:1].isupper() and part != "I") for part in _parts(piece, language)
        )
    return found


def words_of(phrase: str, language: Language) -> tuple[str, ...]:
    """The tokens of a phrase of the data files or of the catalogue."""
    if phrase.islower() and phrase.replace(" ", "").isalpha() and unicodedata.is_normalized("NFC", phrase):
        return tuple(phrase.split())
    text = unicodedata.normalize("NFC", phrase).translate(_SPACES)
    return (text,) if text.startswith("'") else tuple(token.text for token in tokens(text, language))


def _parts(piece: str, language: Language) -> Sequence[str]:
    if "'" not in piece or len(piece) == 1 or piece.lower() in _WHOLE:
        return (piece,)
    if language == "fr":
        return [part for part in re.findall(r"[^']+'?", piece) if part]
    found = _ENGLISH.search(piece)
    if found is None or not found.start():
        return (piece,)
    stem, ending = piece[: found.start()], found.group()
    return (_STEMS.get(stem.lower(), stem), *([] if ending == "'" else [ending]))


# "can't" and "won't" lose letters before their "n't"; the second key guards "shan't".
_STEMS = {"ca": "can", "wo": "will", "sha": "shall"}


def _is_plain(character: str) -> bool:
    if character in _SIGNS:
        return True
    if character.isdigit():
        return character.isascii()
    return character.isalpha() and unicodedata.name(character, "").startswith("LATIN ")
