import pytest
from pydantic import ValidationError

import catalogue
from services.core.pipeline.wiring import CatalogueSettings

REAL = catalogue.load(catalogue.SECOND_HAND)


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("CATALOGUE", "DEPARTMENTS", "WEAR_TILES"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


def test_catalogue_of_the_variables(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("CATALOGUE", "second_hand")
    bare.setenv("DEPARTMENTS", "shoes, bags,")
    bare.setenv("WEAR_TILES", "4")
    settings = CatalogueSettings()
    assert sorted(settings.selected().departments) == ["bags", "shoes"]
    assert (settings.selected().version, settings.wear_tiles) == (REAL.version, 4)


def test_no_departments_are_all(bare: pytest.MonkeyPatch) -> None:
    bare.setenv("CATALOGUE", "second_hand")
    bare.setenv("DEPARTMENTS", "")
    assert CatalogueSettings().selected() == REAL
    assert CatalogueSettings().wear_tiles == 0


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("CATALOGUE", "painted", "catalogue"),
        ("DEPARTMENTS", "shoos", "did you mean shoes"),
        ("WEAR_TILES", "9", "wear_tiles"),
        ("WEAR_TILES", "four", "wear_tiles"),
    ],
)
def test_wrong_variable_is_an_error(bare: pytest.MonkeyPatch, name: str, value: str, said: str) -> None:
    bare.setenv("CATALOGUE", "second_hand")
    bare.setenv(name, value)
    with pytest.raises(ValidationError, match=said):
        CatalogueSettings()


def test_missing_catalogue_is_an_error() -> None:
    with pytest.raises(ValidationError, match="catalogue"):
        CatalogueSettings()
