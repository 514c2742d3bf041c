"""The catalogue that words a report: the one that it was made with, as long as that has all of its ids."""

from functools import cache

from catalogue import GOODS, Catalogue, load
from services.core.domain.report import UNKNOWN, Report


def catalogue_of(report: Report, served: Catalogue) -> Catalogue:
    """The catalogue of the report's model if it is committed and has what the report says, else `served`.

    A report outlives the model that saw it: the service may ask about other goods since, and may lack the
    name of its kind in each language. What the owner has corrected may be of the served catalogue alone.
    """
    version = report.model.catalogue
    if version in (None, served.version):
        return served
    own = _committed().get(version or "")
    return own if own is not None and _names(own, report) else served


@cache
def _committed() -> dict[str, Catalogue]:
    """The catalogues of this release by their versions, read once for each process."""
    return {one.version: one for one in map(load, GOODS.values())}


def _names(goods: Catalogue, report: Report) -> bool:
    """Whether the catalogue has each id of the report's product and wear."""
    product, condition = report.product, report.condition
    if product is None or condition is None:
        return False
    departments = goods.departments.values()
    wear = {tag.id for one in departments for tag in one.wear}
    said = (
        (product.type, goods.kinds.keys()),
        (product.material, {each.id for one in departments for each in one.materials}),
        (product.colour, {each.id for each in goods.colours}),
        (product.pattern, {each.id for each in goods.patterns}),
    )
    return wear.issuperset(each.tag for each in condition.wear) and all(
        id_ in (None, UNKNOWN) or id_ in known for id_, known in said
    )
