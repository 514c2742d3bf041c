"""The languages that a report is written in: those of its request, else its client's and the settings'."""

from collections.abc import Iterable, Sequence
from typing import get_args

from catalogue.model import Language
from services.core.domain.errors import InvalidInput

LANGUAGES: tuple[Language, ...] = get_args(Language)
_REMEDY = f"Send {' or '.join(LANGUAGES)}, or several separated by commas, each once"
_QUOTED = 40


def parse_languages(values: Sequence[str], field: str) -> tuple[Language, ...]:
    """The languages in the values of a form's field, each one or several separated by commas, in their order.

    Raises InvalidInput for `field` if there is none, and for one that is empty, unknown or named twice.
    """
    found: list[Language] = []
    for name in (name.strip() for value in values for name in value.split(",")):
        language = next((each for each in LANGUAGES if each == name), None)
        if language is None:
            problem = f"{name[:_QUOTED]!r} is no language of a report" if name else "names an empty language"
            raise InvalidInput(field, problem, _REMEDY)
        if language in found:
            raise InvalidInput(field, f"names {language!r} twice", _REMEDY)
        found.append(language)
    if not found:
        raise InvalidInput(field, "names no language", _REMEDY)
    return tuple(found)


def with_others(preferred: Language, others: Iterable[Language]) -> tuple[Language, ...]:
    """The client's preferred language first, then the others, each once."""
    return tuple(dict.fromkeys((preferred, *others)))
