"""The catalogue that words a report: the one that it was made with, and the served one for what it lacks."""

from collections.abc import Container
from dataclasses import replace
from functools import cache
from types import MappingProxyType

from catalogue import GOODS, Adjective, Catalogue, Department, Material, Wear, load
from catalogue.model import by_id
from services.core.domain.report import UNKNOWN, Report


def catalogue_of(report: Report, served: Catalogue) -> Catalogue:
    """The catalogue of the report's model, joined with `served` where the report says more than it has.

    A report outlives the model that saw it: the service may ask about other goods since, and may lack the
    name of its kind in each language. What the owner has corrected may be of the served catalogue alone. It
    is `served` for a catalogue that this release does not have.
    """
    own = _committed().get(report.model.catalogue)
    if own is None:
        return served
    if own.version == served.version:
        # The served one may be some departments of it.
        return served if _has_all_of(served, report) else own
    return own if _has_all_of(own, report) else _joined(own, served)


@cache
def _committed() -> dict[str | None, Catalogue]:
    """The catalogues of this release by their versions, read once for each process."""
    return {one.version: one for one in map(load, GOODS.values())}


def _has_all_of(goods: Catalogue, report: Report) -> bool:
    """Whether the catalogue has each id of the report's product and wear."""
    product, condition = report.product, report.condition
    if product is None or condition is None:
        return False
    said = (
        (product.type, goods.kinds.keys()),
        (product.material, _materials(goods).keys()),
        (product.colour, {each.id for each in goods.colours}),
        (product.pattern, {each.id for each in goods.patterns}),
    )
    return _wear(goods).keys() >= {each.tag for each in condition.wear} and all(
        id_ in (None, UNKNOWN) or id_ in known for id_, known in said
    )


def _joined(own: Catalogue, served: Catalogue) -> Catalogue:
    """Both catalogues as one; an id that both have means what it means in `own`.

    A kind that both have is of the department of `served`, whose materials and wear the owner may state. No
    department is in two catalogues.
    """
    departments = {
        **{one.id: _without(served.kinds, one) for one in own.departments.values()},
        **{one.id: _as_in(own, one) for one in served.departments.values()},
    }
    return Catalogue(
        version=f"{own.version}+{served.version}",
        departments=MappingProxyType(departments),
        kinds=by_id(departments.values()),
        colours=_joined_words(own.colours, served.colours),
        patterns=_joined_words(own.patterns, served.patterns),
        questions=own.questions,
    )


def _without(kinds: Container[str], department: Department) -> Department:
    return replace(department, kinds=tuple(kind for kind in department.kinds if kind.id not in kinds))


def _as_in(own: Catalogue, department: Department) -> Department:
    """A served department with the entries of `own` for the ids that both have."""
    materials, wear = _materials(own), _wear(own)
    return replace(
        department,
        kinds=tuple(
            replace(own.kinds.get(each.id, each), department=department.id) for each in department.kinds
        ),
        materials=tuple(materials.get(each.id, each) for each in department.materials),
        wear=tuple(wear.get(each.id, each) for each in department.wear),
    )


def _joined_words(own: tuple[Adjective, ...], served: tuple[Adjective, ...]) -> tuple[Adjective, ...]:
    ids = {each.id for each in own}
    return (*own, *(each for each in served if each.id not in ids))


def _materials(goods: Catalogue) -> dict[str, Material]:
    return {each.id: each for one in goods.departments.values() for each in one.materials}


def _wear(goods: Catalogue) -> dict[str, Wear]:
    return {each.id: each for one in goods.departments.values() for each in one.wear}
