"""Finds in a French text what a grammar forbids, by its rules and a dictionary's genders.

It shares nothing with the code that it tests: neither the catalogue's genders nor its aspirated h.
"""

import re
from collections.abc import Callable, Iterator

from tests.services.core.narrative.french_genders import FEMININE, MASCULINE, words

# Stems of words whose h forbids elision.
_ASPIRATED = re.compile(
    r"h(âch|ach|aie|aillon|aine|all($|s$|e)|alt(e$|es$|ère$(?<!haltère))|amac|amburger|amp|amster|anche|and|angar"
    r"|anneton|ant|appe|aquenée|arcel|ardi|areng|argn|aricot|arnach|arnais|arp|asard|asch|auban|auss|aut|avre|ayon"
    r"|eaum|eurt|érisson|ernie|éron|éros$|erse|être|ibou|ic$|ideu|iérarch|ippie|obby|ochet|ockey|old|ollande|omard"
    r"|ome-|ongr|ont|oquet|ors|ot-|ott|oublon|oue|ouille|oul|oupp|ouss|oux|over|ublot|uch|uée|uit(?!r)|ula|url"
    r"|usky|ussard|utte)"
)
_KEEPS_ARTICLE = re.compile(r"onz|oui(s|$)|uhlan|ulul")
_VOWEL = re.compile(r"[aàâäeéèêëiîïoôöuùûüœæ]|y($|[^aàâeéèêiîoôuûy]|eu[sx])")
_WORD = r"([\w][\w’'-]*)"
_PRONOUN_BEFORE = (
    "acheter avoir choisir consulter examiner juger montrer nettoyer regarder utiliser voir vérifier"
)
# Verbs that read as nouns after a pronoun: « il la montre », « on les porte ».
_VERBS = words("garde marque montre note porte place trouve")
_KNOWN = MASCULINE | FEMININE
_PLURAL_ONLY = words(
    "bongos bretelles ciseaux extensions jumelles lunettes maracas rousseurs toilettes waders écouteurs "
    "épaulières"
)


def _forms(masculine: str, feminine: str) -> dict[str, str]:
    plural = masculine if masculine.endswith(("s", "x")) else f"{masculine}s"
    forms: dict[str, str] = {}
    for form, marks in ((masculine, "m1"), (feminine, "f1"), (plural, "m2"), (f"{feminine}s", "f2")):
        forms[form] = f"{forms.get(form, '')} {marks}"
    return forms


_IRREGULAR = (
    "blanc blanche", "violet violette", "bon bonne", "beau belle", "neuf neuve", "léger légère", "gris grise",
    "important importante", "gauchi gauchie", "jauni jaunie", "moisi moisie", "terni ternie", "tordu tordue",
    "noir noire", "bleu bleue", "vert verte", "uni unie", "transparent transparente", "correct correcte",
)  # fmt: skip
_PARTICIPLES = (
    "argenté brodé brûlé bosselé bouloché cuivré déchiré décoloré doré ébréché écaillé effacé effiloché "
    "éraflé fissuré imprimé matelassé modéré plissé rayé rouillé taché troué usagé usé cassé"
)
_INVARIABLE = words("marron orange bordeaux camel corail crème fuchsia kaki lilas moutarde turquoise bronze")
ADJECTIVES: dict[str, str] = {}
for _pair in (*_IRREGULAR, *(f"{word} {word}e" for word in _PARTICIPLES.split())):
    ADJECTIVES |= _forms(*_pair.split())
for _plain in ("beige", "jaune", "rose", "rouge", "multicolore"):
    ADJECTIVES |= {_plain: "m1 f1", f"{_plain}s": "m2 f2"}
ADJECTIVES |= {f"{_word}s": "" for _word in _INVARIABLE if not _word.endswith(("s", "x"))}


def elides(word: str) -> bool:
    """Whether « le », « de » and « que » lose their vowel before the word."""
    lower = word.lower()
    if lower.startswith("h"):
        return lower.startswith("haltère") or not _ASPIRATED.match(lower)
    return bool(_VOWEL.match(lower)) and not _KEEPS_ARTICLE.match(lower)


def gender(noun: str) -> str | None:
    """Return "m" or "f"; None for a word of either gender, or of none here."""
    word = noun.lower()
    for form in (noun, word, word.removesuffix("s"), word.removesuffix("x")):
        if form in MASCULINE or form in FEMININE:
            return "m" if form in MASCULINE else "f"
    return None


def faults(text: str) -> list[str]:
    """Return each place of the text that breaks a rule, as it stands there."""
    return [found for pattern, wrong in _RULES for found in _matches(pattern, wrong, text)]


def _matches(pattern: re.Pattern[str], wrong: Callable[[re.Match[str]], bool], text: str) -> Iterator[str]:
    return (match[0] for match in pattern.finditer(text) if wrong(match))


def _always(match: re.Match[str]) -> bool:
    return True


def _whole_before_vowel(match: re.Match[str]) -> bool:
    return elides(match[1])


def _elided_before_consonant(match: re.Match[str]) -> bool:
    return not elides(match[1])


def _unlike_its_article(match: re.Match[str]) -> bool:
    article, noun = match[1].lower(), match[2]
    if noun in _VERBS:
        return False
    if noun not in _KNOWN and gender(noun) and noun.islower():
        return True  # « un crayons »
    return gender(noun) == ("f" if article in _MASCULINE_WORDS else "m")


def _other_number(match: re.Match[str]) -> bool:
    noun = match[1]
    return noun not in _VERBS and gender(noun) is not None and not noun.endswith(("s", "x", "z"))


def _disagrees(match: re.Match[str]) -> bool:
    article, noun, adjective = match[1].lower().strip(), match[2], match[3]
    own = gender(noun)
    if own is None or adjective not in ADJECTIVES:
        return False
    several = noun.lower() in _PLURAL_ONLY or (not article and not {noun, noun.lower()} & _KNOWN)
    number = "2" if several or article in {"les", "des", "ces"} else "1"
    return f"{own}{number}" not in ADJECTIVES[adjective]


_MASCULINE_WORDS = words("un le du au ce cet aucun quel")
_SINGULAR = "un|une|le|la|du|au|ce|cet|cette|aucun|aucune|quel|quelle"
_RULES: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], bool]], ...] = (
    (re.compile(rf"\b(?:de|à) les? (?!(?:{_PRONOUN_BEFORE.replace(' ', '|')})\b)", re.I), _always),
    (
        re.compile(
            rf"(?<![-\w])(?:l[ea]|de|que|[nsjmt]e|jusque|lorsque|puisque) (?=[hyà-ÿœaeiou]){_WORD}", re.I
        ),
        _whole_before_vowel,
    ),
    (re.compile(rf"(?<![-\w])(?:du|au|ma|ta|sa) (?=[hyà-ÿœaeiou]){_WORD}", re.I), _whole_before_vowel),
    (
        re.compile(rf"(?<![-\w])(?:ce|beau|nouveau|vieux) (?!(?:à|en|avec|et|ou|au|aux|est)\b){_WORD}", re.I),
        _whole_before_vowel,
    ),
    (re.compile(rf"(?<!\w)(?:[ldnscjmt]|qu|jusqu|lorsqu|puisqu)['’]{_WORD}", re.I), _elided_before_consonant),
    (re.compile(r"\bsi ils?\b|\bcet (?![aàâeéèêiîoôuûœhy])|\bcette (?=haltère)", re.I), _always),
    (re.compile(rf"(?<![-\w'’])({_SINGULAR}) (?:beau |belle |petite? )?{_WORD}", re.I), _unlike_its_article),
    (
        re.compile(rf"(?<![-\w'’])(?:les|des|aux|ces) (?:beaux |belles |petite?s )?{_WORD}", re.I),
        _other_number,
    ),
    (re.compile(rf"(?<![-\w])(?:une?|l[ea]|du|au) (?:{'|'.join(_PLURAL_ONLY)})\b", re.I), _always),
    # After « au » and « du » an adjective may belong to an earlier noun: « couverture au crochet noire ».
    (
        re.compile(
            rf"(?<![-\w])(l['’]|(?:un|une|le|la|ce|cet|cette|aucun|aucune|les|des|ces) |^|(?<=[.;:] ))"
            rf"{_WORD} {_WORD}(?! (?:clair|foncé|marine))",
            re.I | re.M,
        ),
        _disagrees,
    ),
    (re.compile(r"(?<![-\w])(\w{2,}) \1(?![-\w])"), _always),
    (re.compile(r"  | [,.)]|\( |\w[:;!?](?= |$)|[^\W\d]['’] "), _always),
)
