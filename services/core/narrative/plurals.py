"""Plurals of the catalogue's names in English and French."""

import re


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_IRREGULAR = {
    "foot": "feet", "knife": "knives", "leaf": "leaves", "mouse": "mice", "scarf": "scarves",
    "shelf": "shelves", "tooth": "teeth",
}  # fmt: skip
_IRREGULAR_END = re.compile(rf"({'|'.join(_IRREGULAR)})$")

# In French, these words and what follows them do not take the plural of the noun.
_LINK = re.compile(r" (?=(au|aux|avec|de|des|deux|du|en|par|pour|qui|sans|sous|sur|à) |haute pression$|d')")
# Unless they belong to the noun, « sapins de Noël artificiels », or are as many: « sandales à talons ».
_WITH_THE_NOUN = {
    "artificiel": "artificiels", "dépasse": "dépassent", "d'oreille": "d'oreilles", "haut": "hauts",
    "jouet": "jouets", "petit": "petits", "réutilisable": "réutilisables", "talon": "talons",
    "électrique": "électriques",
}  # fmt: skip
# What follows a noun for a whole phrase, as in « un appareil pour la photo », stays as it is.
_FIXED = _words("""
    antibrouillard arrière audio auto aviateur banane bar bateau bibliothèque bistro brogue cabine canne
    cargo chaîne chesterfield chukka cocktail colonne crayon laser mezzanine mémoire météo papillon
    parapluie photo plastron poire portefeuille pull rivière réseau seau secteur selle softshell son stéréo
    tour télé vapeur vidéo éclair épaule
""")
_JOINING = _words("et ou")
_IN_S = frozenset(
    {"bal", "bleu", "carnaval", "festival", "landau", "pneu", "richelieu", "récital", "régal", "sarrau"}
)
_AIL_IN_AUX = _words("bail corail travail vitrail émail")
_OU_IN_X = _words("bijou caillou chou genou hibou joujou pou")
# First parts of compounds that are verbs, prefixes or shortened words: « des tire-bouchons ».
_UNCHANGED_FIRST = _words("""
    abat attrape baby bi brûle cache casse chauffe coupe couvre duffle emporte essuie garde grille haut
    home juke lave marque micro mini nano ouvre pare passe porte presse protège pèse range recourbe repose
    serre sous sèche t taille tire tourne yo écoute
""")
# Second parts that name no single thing that could be counted.
_UNCHANGED_LAST = _words("""
    ail boue foot gorge jour linge monnaie pain plume poste soleil vaisselle vent feu main terre tête
""")


def english_plural(name: str) -> str:
    """The plural of an English name that may have several words: "balls of yarn", "kitchen knives"."""
    head, of, rest = name.partition(" of ")
    first, and_, second = head.partition(" and ")
    # "mortars and pestles", but "salt and pepper sets".
    pair = and_ and " " not in second
    return f"{_s(first)} and {_s(second)}{of}{rest}" if pair else f"{_s(head)}{of}{rest}"


def french_plural(name: str) -> str:
    """The plural of a French name that may have several words: « sacs à main », « journaux »."""
    link = _LINK.search(name)
    beside, after = (name[: link.start()], name[link.start() :]) if link else (name, "")
    head, *others = beside.split()
    plurals = (word if word in _FIXED else _s_french(word) for word in others)
    rest = (_WITH_THE_NOUN.get(word, word) for word in after.split())
    return " ".join([_s_french(head), *plurals, *rest])


def _s(word: str) -> str:
    if irregular := _IRREGULAR_END.search(word):
        return word[: irregular.start()] + _IRREGULAR[irregular[0]]
    if word.endswith(("s", "x", "z", "ch", "sh")):
        return f"{word}es"
    return f"{word[:-1]}ies" if re.search("[^aeiou]y$", word) else f"{word}s"


def _s_french(word: str) -> str:
    if word in _JOINING or re.search("[A-Z0-9]", word):
        return word
    if "-" in word:
        return _compound(word.split("-"))
    if word.endswith(("s", "x", "z")):
        return word
    if word in _AIL_IN_AUX:
        return f"{word[:-2]}ux"
    if word.endswith("al") and word not in _IN_S:
        return f"{word[:-1]}ux"
    in_x = word.endswith(("au", "eu")) and word not in _IN_S
    return f"{word}x" if in_x or word in _OU_IN_X else f"{word}s"


def _compound(parts: list[str]) -> str:
    if parts[0] in {"assis", "tout"}:
        return "-".join(parts)
    if "de" in parts:
        return "-".join([_s_french(parts[0]), *parts[1:]])
    first = parts[:-1] if parts[0] in _UNCHANGED_FIRST else [_s_french(part) for part in parts[:-1]]
    last = parts[-1] if parts[-1] in _UNCHANGED_LAST else _s_french(parts[-1])
    return "-".join([*first, last])
