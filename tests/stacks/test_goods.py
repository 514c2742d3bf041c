"""The catalogue of an environment is the committed one, and is shipped with what imports it."""

from functools import cache
from pathlib import Path

import grimp
import pytest

import catalogue
from settings.environment import SettingsError
from stacks.app import ROOT, synthesize
from stacks.constructs.functions import LAMBDA_PLATFORM, package_sources, python_code
from stacks.goods import check_goods
from tests.stacks.assemblies import Assembly, changed, full_environment
from tests.stacks.constructs.test_packages import declared_functions

DATA = {
    file.relative_to(ROOT).as_posix() for folder in catalogue.GOODS.values() for file in folder.rglob("*.*")
}


def test_committed_catalogue_is_accepted() -> None:
    check_goods(full_environment())


def test_unknown_department_names_near_one() -> None:
    settings = changed("prod", catalogue={"departments": ("drwan",)})
    with pytest.raises(SettingsError, match=r"^prod: catalogue\.departments: 'drwan' .*did you mean drawn\?"):
        check_goods(settings)


def test_other_version_names_both() -> None:
    archive = full_environment().model.artifact
    old = "0123456789abcdef"
    settings = changed("prod", model={"artifact": archive, "catalogue_version": old})
    with pytest.raises(SettingsError) as refused:
        check_goods(settings)
    message = str(refused.value)
    assert f"prod: model.catalogue_version = {old!r}" in message
    assert catalogue.load(catalogue.DRAWN).version in message
    assert "release it, or check out the commit" in message


def test_synthesis_refuses_other_goods(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="'shoes' is unknown"):
        synthesize(changed("prod", catalogue={"departments": ("shoes",)}), tmp_path / "out")


@cache
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("services", "catalogue", cache_dir=None)


def needs_catalogue(service: str) -> bool:
    return "catalogue" in imports().find_upstream_modules(f"services.{service}", as_package=True)


@pytest.mark.system
@pytest.mark.parametrize("service", ["authorizer", "hooks", "results"])
def test_package_ships_the_needed_catalogue(service: str, prod: Assembly) -> None:
    needed = needs_catalogue(service)
    code = python_code(service, platform=LAMBDA_PLATFORM, with_catalogue=needed)
    versions = {
        one["Environment"]["Variables"]["VERSION"]
        for one in declared_functions(prod).values()
        if one["Handler"].startswith(f"services.{service}.")
    }
    assert versions == {code.version}
    files = package_sources(ROOT / "services" / service, with_catalogue=needed)
    assert ({file.relative_to(ROOT).as_posix() for file in files} >= DATA) is needed


@pytest.mark.system
def test_image_ships_the_catalogue(prod: Assembly) -> None:
    assert needs_catalogue("analyze")
    (context,) = (folder for folder in prod.folder.glob("asset.*") if (folder / "services").is_dir())
    assert {file.relative_to(context).as_posix() for file in context.rglob("*")} >= DATA
