"""Articles, plurals and agreement of the catalogue's words in English and French."""

import re
from collections.abc import Sequence

from catalogue import Adjective, Noun
from catalogue.model import Language
from services.core.narrative.plurals import english_plural, french_plural

_VOWELS = "aàâäeéèêëiîïoôöuùûüœæ"
# Spoken with a "you" or a "w", as in "a unicycle", "a ukulele", "a one-piece"; not "an unidentified toy".
_CONSONANT = re.compile(
    r"uni(?!n|dent|mag|mp)|ubi|uk|us(a(?!n)|b\b|b-|e|han|u)|ut[eio]|ur[aio]|eu|ewe|oui|one\b|once\b"
)
_SILENT_H = re.compile(r"hour|honest|honou?r|heir")
# Letters whose names begin with a vowel, "an MP3 player", "an e-reader", but not in words.
_SPELLED = re.compile(r"(?!MIDI)[A-Z](?=[A-Z0-9])|[A-Za-z](?=-|\b)")
_SPELLED_VOWELS = "AEFHILMNORSX"
_EIGHT = re.compile(r"(8|11|18)(?!\d)|8\d")
# French words with a vowel at the start that keep their article whole: « le onze », « le ouistiti ».
_WHOLE = re.compile(r"onz|oui(?!e|r)|uhlan|ulul|un(?= |$)")
# A "y" before a consonant is a vowel: « l'ypérite » and « l'yeuse », but « le yo-yo ».
_VOWEL_Y = re.compile(r"y([^aàâeéèêiîoôuûy]|eu[sx])")
# What a name adds to a material or colour that it has: wooden, woollen, glasses; métallique, perles.
_ENDINGS = "(e?s|x|e?n|len|lique)?"


def text_of(noun: Noun, language: Language) -> str:
    """The name as a text prints it."""
    return noun.en if language == "en" else noun.fr


def spaced(id_: str) -> str:
    """An id in words: `running_shoe` as "running shoe"."""
    return id_.replace("_", " ")


def with_article(noun: Noun, language: Language, phrase: str | None = None) -> str:
    """The noun with its indefinite article: "an urn", "scissors", "rust"; « des ciseaux », « de la rouille ».

    `phrase` is printed in its place: "a blue urn" for the noun "urn".
    """
    text = phrase or text_of(noun, language)
    plural, uncountable = language in noun.plural, language in noun.uncountable
    if language == "en":
        return text if plural or uncountable else f"{_a(text)} {text}"
    if plural:
        return f"des {text}"
    if uncountable:
        return f"{of_the(noun, language).removesuffix(noun.fr)}{text}"
    return f"{'un' if noun.gender == 'm' else 'une'} {text}"


def the(noun: Noun, language: Language) -> str:
    """The noun with its definite article: "the urn", « l'urne », « le hamac », « les ciseaux »."""
    text = text_of(noun, language)
    if language == "en":
        return f"the {text}"
    if language in noun.plural:
        return f"les {text}"
    return f"l'{text}" if _elides(noun) else f"{'le' if noun.gender == 'm' else 'la'} {text}"


def of_the(noun: Noun, language: Language) -> str:
    """The noun with its definite article after "of": « du sac », « de l'urne », « des ciseaux »."""
    if language == "en":
        return f"of the {noun.en}"
    if language in noun.plural:
        return f"des {noun.fr}"
    return f"du {noun.fr}" if noun.gender == "m" and not _elides(noun) else f"de {the(noun, language)}"


def agreed(adjective: Adjective, noun: Noun, language: Language) -> str:
    """The colour or pattern in the form that goes with the noun."""
    if language == "en":
        return adjective.en
    forms = (adjective.fr_m, adjective.fr_f, adjective.fr_m_plural, adjective.fr_f_plural)
    return agree(forms, noun, language)


def agree(forms: Sequence[str], noun: Noun, language: Language) -> str:
    """Of the forms m, f, m plural and f plural, the one that goes with the noun; one form goes with any."""
    place = (noun.gender == "f") + 2 * (language in noun.plural)
    return forms[place % len(forms)]


def described(
    noun: Noun, language: Language, material: str | None, colour: str | None, pattern: str | None
) -> str:
    """The noun with what is known of it: "striped blue cotton shirt", « chemise bleue rayée en coton ».

    A word that the noun itself has is not repeated: a leather jacket is not a "leather leather jacket".
    """
    text = text_of(noun, language)
    material, colour, pattern = (_unless_named(word, text) for word in (material, colour, pattern))
    # "with an abstract pattern" follows what it describes.
    after = language == "en" and pattern is not None and pattern.startswith("with ")
    if colour == material:
        colour = None
    if language == "fr":
        parts = [text, colour, pattern, f"en {material}" if material else None]
    else:
        parts = [None if after else pattern, colour, material, text, pattern if after else None]
    return " ".join(part for part in parts if part)


def plural_of(name: str, language: Language) -> str:
    """The plural of a singular name: "balls of yarn", « sacs à main »."""
    return english_plural(name) if language == "en" else french_plural(name)


def _a(phrase: str) -> str:
    if _EIGHT.match(phrase):
        return "an"
    if _SPELLED.match(phrase):
        return "an" if phrase[0].upper() in _SPELLED_VOWELS else "a"
    word = phrase.lower()
    vowel = word[:1] in _VOWELS and not _CONSONANT.match(word)
    return "an" if vowel or _SILENT_H.match(word) else "a"


def _elides(noun: Noun) -> bool:
    word = noun.fr.lower()
    if word[:1] == "h":
        return not noun.aspirated_h
    return bool(_VOWEL_Y.match(word)) or (word[:1] in _VOWELS and not _WHOLE.match(word))


def _unless_named(word: str | None, name: str) -> str | None:
    if word is None or word.lower() not in name.lower():
        return word
    # "wood" is in "wooden spoon"; « or » is not in « ordinateur », nor "blue" in "Bluetooth speaker".
    found = re.search(rf"(?<!\S){re.escape(word)}{_ENDINGS}(?!\S)", name, re.IGNORECASE)
    return None if found else word
