"""Which catalogue has the words for a report, of whichever catalogue it was made and whichever is served."""

from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from catalogue import Catalogue
from services.core.domain.report import UNKNOWN, Product, Provenance, Wear
from services.core.pipeline.report_catalogue import catalogue_of
from tests.services.core.pipeline.test_patched import DRAWN, PHOTO, REAL, report_of

COMMITTED = [DRAWN, PHOTO, REAL]
SERVED = [*COMMITTED, REAL.select(["kitchen"]), REAL.select(["pets", "shoes"])]


def named(goods: Catalogue) -> dict[str, dict[str, object]]:
    """What a catalogue calls its ids in English and French, by the fields of a report."""
    departments = goods.departments.values()
    return {
        "type": {id_: kind.noun for id_, kind in goods.kinds.items()},
        "material": {each.id: each.noun for one in departments for each in one.materials},
        "colour": {each.id: (each.en, each.fr_m, each.fr_f) for each in goods.colours},
        "pattern": {each.id: (each.en, each.fr_m, each.fr_f) for each in goods.patterns},
        "wear": {each.id: each.noun for one in departments for each in one.wear},
    }


NAMED = {(one.version, len(one.kinds)): named(one) for one in SERVED}


@given(st.data())
@settings(max_examples=60)
def test_each_id_is_named_by_its_own_catalogue_or_the_served(data: st.DataObject) -> None:
    own, served = data.draw(st.sampled_from(COMMITTED)), data.draw(st.sampled_from(SERVED))
    made, now = NAMED[own.version, len(own.kinds)], NAMED[served.version, len(served.kinds)]
    known = {field: now[field] | made[field] for field in made}
    ids = {field: data.draw(st.sampled_from([UNKNOWN, *known[field]])) for field in known}
    wear = () if ids["wear"] == UNKNOWN else (Wear(tag=ids["wear"], photo=1, confidence=1.0),)
    product = Product.model_validate({field: id_ for field, id_ in ids.items() if field != "wear"})
    report = report_of(product, *wear).model_copy(
        update={"model": Provenance(endpoint="e", catalogue=own.version)}
    )
    found = named(catalogue_of(report, served))
    for field, id_ in ids.items():
        assert found[field].get(id_) == known[field].get(id_)


def test_unknown_version_has_the_served_words() -> None:
    for version in (None, "0" * 16):
        made = Provenance(endpoint="e", catalogue=version)
        report = report_of(Product(type="mug", material=UNKNOWN)).model_copy(update={"model": made})
        assert catalogue_of(report, DRAWN) is DRAWN


def test_no_department_is_in_two_catalogues() -> None:
    for one, other in combinations(COMMITTED, 2):
        assert one.departments.keys().isdisjoint(other.departments)
