"""States marks with how far they go and where they are: "a minor scratch (photo 2, top left)"."""

from services.core.domain.report import Wear
from services.core.narrative.grammar import agree, with_article
from services.core.narrative.names import Names
from services.core.narrative.wording import Wording


def stated_mark(wear: Wear, names: Names, words: Wording, *, detailed: bool = True) -> str:
    """The mark with its article and, where `detailed`, with what is known of its severity and place."""
    noun = names.wear(wear.tag)
    if not detailed:
        return with_article(noun, words.language)
    severe = severity_phrase(wear, names, words)
    known = detail(wear, names, words)
    return f"{with_article(noun, words.language, severe)}{f' ({known})' if known else ''}"


def severity_phrase(wear: Wear, names: Names, words: Wording) -> str | None:
    """The mark's name after its severity, "minor scratch"; None if it is unknown, or follows as a detail."""
    if wear.severity is None or words.language == "fr":
        return None
    return f"{words.severities[wear.severity][0]} {names.wear(wear.tag).en}"


def detail(wear: Wear, names: Names, words: Wording) -> str:
    """What follows the mark in brackets: the photo and its part, « légère, photo 2, en haut à gauche »."""
    parts: list[str] = []
    # After "usure de la semelle", an adjective could belong to the sole.
    if wear.severity and words.language == "fr":
        parts.append(agree(words.severities[wear.severity], names.wear(wear.tag), words.language))
    if wear.photo and wear.place:
        parts.append(f"photo {wear.photo}, {words.places[wear.place]}")
    return ", ".join(parts)
