"""Checks the ids of an owner's corrections against the catalogue, and names near ones."""

import difflib
from collections.abc import Collection, Iterable, Mapping

from catalogue import Catalogue
from services.core.domain.corrections import GivenCorrections
from services.core.domain.errors import InvalidInput
from services.core.domain.report import UNKNOWN, Report

_NEAR = 3
# So many ids are listed where none is near.
_LISTED = 20


def check_ids(
    report: Report, before: GivenCorrections | None, given: GivenCorrections, catalogue: Catalogue
) -> None:
    """Raise InvalidInput for the first id that the catalogue lacks, with its field and near ids.

    Allowed is too what the report says or what was corrected before, as by an earlier catalogue. A kind of
    wear must be one of the kind's department.
    """
    if report.product is None or report.condition is None:
        raise ValueError("only a succeeded report can be corrected")
    if given.product is not None:
        for name, names in _answers(catalogue).items():
            value, earlier = getattr(given.product, name), before.product if before else None
            if value not in (None, UNKNOWN, getattr(report.product, name), getattr(earlier, name, None)):
                _check(f"product.{name}", value, names)
    if given.condition is not None and given.condition.wear is not None:
        type_ = (given.product.type if given.product else None) or report.product.type
        stated = set((before.condition.wear if before and before.condition else None) or ())
        # What the catalogue has, and was stated of another kind, is checked again.
        kept = {wear.tag for wear in report.condition.wear} | (stated - _of_catalogue(catalogue))
        allowed = _of_kind(type_, catalogue)
        for at, tag in enumerate(given.condition.wear):
            if tag in kept or tag in allowed:
                continue
            if tag in stated:
                problem = f"{tag!r}, which was stated before, is unknown to the catalogue for {type_!r}"
                remedy = "Send condition.wear too: a list or null"
                raise InvalidInput(f"condition.wear[{at}]", problem, remedy)
            _check(f"condition.wear[{at}]", tag, dict.fromkeys(sorted(allowed), ()), f" for {type_!r}")


def _answers(catalogue: Catalogue) -> dict[str, dict[str, Collection[str]]]:
    """For each field of the product its ids, with the names of each in English and French."""
    materials = {each.id: each for one in catalogue.departments.values() for each in one.materials}
    adjectives = {"colour": catalogue.colours, "pattern": catalogue.patterns}
    return {
        "type": {kind.id: (kind.noun.en, kind.noun.fr, *kind.names) for kind in catalogue.kinds.values()},
        "material": {
            id_: (each.noun.en, each.noun.fr, each.answer, *each.aliases) for id_, each in materials.items()
        },
        **{
            name: {each.id: (each.en, each.fr_m, each.fr_f, each.answer, *each.aliases) for each in words}
            for name, words in adjectives.items()
        },
    }


def _of_kind(type_: str, catalogue: Catalogue) -> set[str]:
    kind = catalogue.kinds.get(type_)
    return (
        {tag.id for tag in catalogue.departments[kind.department].wear} if kind else _of_catalogue(catalogue)
    )


def _of_catalogue(catalogue: Catalogue) -> set[str]:
    return {tag.id for one in catalogue.departments.values() for tag in one.wear}


def _check(field: str, value: str, known: Mapping[str, Collection[str]], of: str = "") -> None:
    if value in known:
        return
    problem = f"{value!r} is unknown to the catalogue{of}"
    if not known:
        raise InvalidInput(field, f"{problem}, which has none", "Leave it out")
    if near := _near(value, known):
        raise InvalidInput(field, problem, f"Did you mean {' or '.join(near)}?")
    some = ", ".join(list(known)[:_LISTED]) + (" …" if len(known) > _LISTED else "")
    raise InvalidInput(field, problem, f"Send one of its ids: {some}")


def _near(value: str, known: Mapping[str, Iterable[str]]) -> list[str]:
    """The ids of the entries that are called so, else those that are spelt alike."""
    spaced = value.replace("_", " ")
    called = [id_ for id_, names in known.items() if spaced in (name.lower() for name in names)]
    return called[:_NEAR] or difflib.get_close_matches(value, known, n=_NEAR)
