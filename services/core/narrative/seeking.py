"""Wear that was looked for, and wear that stands before its denial: "of cracks there was no sign"."""

from services.core.narrative.clauses import Group, Polarity, names_wear
from services.core.narrative.senses import Role

_LOOKING = frozenset({
    "looked", "looking", "checked", "checking", "searched", "searching", "examined", "inspected", "studied",
    "went", "gone", "going", "scanned", "scanning", "reviewed", "zoomed", "browsed",
    "looking through", "went through", "going through", "studying", "examining", "inspecting",
    "looked closely",
})  # fmt: skip
_SEARCH = frozenset({"look for", "search", "check for", "hunt"})


def seeks(group: Group) -> bool:
    """Whether wear was looked for: "we checked all the photos for cracks"."""
    looked = False
    for word in group:
        if word.term.text == "for" and looked:
            return True
        if word.term.text in _SEARCH and group.has(Role.NOTHING):
            return True
        looked = (looked or word.term.text in _LOOKING) and not names_wear(word)
    return False


def deny_fronted(group: Group) -> None:
    """Deny the wear before a denial that it belongs to: "of cracks and dents there was no sign"."""
    words = list(group)
    if group.unjudged or group.denied or words[0].term.text != "of":
        return
    denial = next((n for n, word in enumerate(words) if word.term.has(Role.NO, Role.NOTHING)), 0)
    between = words[1:denial]
    if between and names_wear(between[0]) and not any(map(names_wear, words[denial:])):
        for word in between:
            word.said = Polarity.DENIED
