"""local/parity.toml: every difference between this machine and production has a row, every row is true."""

import tomllib
from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

import pytest

from local.home import REPOSITORY
from settings.environment import load_environment
from tests.stacks.assemblies import assembled, changed

pytestmark = pytest.mark.system

ROWS: list[dict[str, Any]] = tomllib.loads((REPOSITORY / "local" / "parity.toml").read_text())["difference"]
ABSENT = object()
EDGE_LOGS = "vitrine/prod/edge-logs"


def flat(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """Yield each leaf of nested mappings and lists with its path; an empty one is a leaf."""
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from flat(inner, f"{path}.{key}" if path else str(key))
    elif isinstance(value, list) and value:
        for index, inner in enumerate(value):
            yield from flat(inner, f"{path}[{index}]")
    else:
        yield path, value


def differing(here: dict[str, object], prod: dict[str, object]) -> set[str]:
    """Return the keys whose values differ or that only one side has."""
    return {key for key in here.keys() | prod.keys() if here.get(key, ABSENT) != prod.get(key, ABSENT)}


def settings(name: str) -> dict[str, object]:
    """Return an environment file's values by their dotted keys; a list is one value."""
    text = (REPOSITORY / "environments" / f"{name}.toml").read_text()
    values: dict[str, list[object]] = {}
    for path, value in flat(tomllib.loads(text)):
        values.setdefault(path.partition("[")[0], []).append(value)
    return dict(values)


def templates(name: str) -> dict[str, dict[str, object]]:
    """Return the leaves of an environment's templates by stack, as in "gateway".

    Both environments are synthesized under production's name, since resource names and ids contain it, and
    production with Edge logs, which it has once its settings name their secret.
    """
    found = (
        changed("prod", hooks={"logs_secret_name": EDGE_LOGS}) if name == "prod" else load_environment(name)
    )
    assembly = assembled(found.model_copy(update={"name": "prod"}))
    return {stack: leaves(assembly.template(stack)) for stack in assembly.stacks}


def leaves(template: dict[str, Any]) -> dict[str, object]:
    found: dict[str, object] = {}
    for identifier, resource in template["Resources"].items():
        for path, value in flat(resource):
            found[f"{identifier}|{resource['Type']} {path}"] = value
    for path, value in flat(template.get("Outputs", {})):
        found[f"|Outputs {path}"] = value
    return found


@pytest.fixture(scope="module")
def here_and_prod() -> tuple[dict[str, dict[str, object]], ...]:
    return templates("local"), templates("prod")


@pytest.fixture(scope="module")
def template_differences(here_and_prod: tuple[dict[str, dict[str, object]], ...]) -> set[str]:
    here, prod = here_and_prod
    found = {path for stack in here.keys() & prod.keys() for path in differing(here[stack], prod[stack])}
    return {path.partition("|")[2] for path in found}


def column(name: str) -> list[str]:
    return [entry for row in ROWS for entry in row.get(name, [])]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: str(row["what"]))
def test_row_names_difference_and_place(row: dict[str, Any]) -> None:
    kinds = {"settings", "stacks", "template", "code"}
    assert {"what", "here", "prod"} <= row.keys() <= {"what", "here", "prod", *kinds}
    assert row.keys() & kinds


def test_table_lists_every_different_setting() -> None:
    assert sorted(column("settings")) == sorted(differing(settings("local"), settings("prod")))


def test_table_lists_every_missing_stack(
    here_and_prod: tuple[dict[str, dict[str, object]], ...],
) -> None:
    here, prod = here_and_prod
    assert sorted(column("stacks")) == sorted(here.keys() ^ prod.keys())


def test_every_template_difference_has_a_row(template_differences: set[str]) -> None:
    patterns = [pattern.replace("[", "[[]") for pattern in column("template")]
    unexplained = {
        found
        for found in template_differences
        if not any(fnmatchcase(found, pattern) for pattern in patterns)
    }
    assert unexplained == set()


@pytest.mark.parametrize("pattern", column("template"))
def test_every_template_row_differs(template_differences: set[str], pattern: str) -> None:
    assert any(fnmatchcase(found, pattern.replace("[", "[[]")) for found in template_differences)


@pytest.mark.parametrize("place", column("code"))
def test_code_of_a_row_exists(place: str) -> None:
    file, _, text = place.partition(": ")
    assert text in (REPOSITORY / file).read_text()
