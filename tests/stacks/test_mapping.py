"""Which stack ships which code. The table of the design, held true against folders and assemblies."""

import json
from pathlib import Path

from tests.stacks.conftest import Assembly

ROOT = Path(__file__).resolve().parents[2]

SHIPS = {"storage": set[str](), "gateway": {"services/authorizer"}}
# Code that runs on one machine already and has no stack yet; its stack moves it to SHIPS.
AWAITS = {"analyze": {"services/analyze"}, "model": {"model_artifacts/blip2"}}
LIBRARIES = {"services/core"}


def code_folders() -> set[str]:
    parents = (ROOT / "services", ROOT / "model_artifacts")
    return {
        folder.relative_to(ROOT).as_posix()
        for parent in parents
        for folder in parent.iterdir()
        if (folder / "__init__.py").is_file()
    }


def shipped(assembly: Assembly, stack: str) -> set[str]:
    """Return the folders that the stack's assets come from, its own template aside."""
    file = assembly.folder / f"vitrine-{assembly.settings.name}-{stack}.assets.json"
    manifest = json.loads(file.read_text())
    sources = [one["source"]["path"] for one in manifest["files"].values()]
    sources += [one["source"]["directory"] for one in manifest["dockerImages"].values()]
    return {
        Path(source).relative_to(ROOT).as_posix()
        for source in sources
        if not source.endswith(".template.json")
    }


def test_every_folder_of_code_is_shipped_by_one_stack_or_is_a_library() -> None:
    owners = [*SHIPS.values(), *AWAITS.values(), LIBRARIES]
    assert sum(map(len, owners)) == len(set().union(*owners))
    assert set().union(*owners) == code_folders()


def test_every_asset_comes_from_where_the_table_says(assembly: Assembly) -> None:
    for stack, folders in SHIPS.items():
        assert shipped(assembly, stack) == folders


def test_an_environment_has_the_stacks_of_the_table(assembly: Assembly) -> None:
    prefix = f"vitrine-{assembly.settings.name}-"
    stacks = {file.name.removeprefix(prefix).removesuffix(".template.json") for file in assembly.templates}
    assert stacks == set(SHIPS)


def test_a_stack_that_is_awaited_does_not_exist_yet() -> None:
    assert not [stack for stack in AWAITS if (ROOT / "stacks" / f"{stack}.py").exists()]


def test_no_service_imports_another() -> None:
    for folder in (ROOT / "services").iterdir():
        for file in folder.rglob("*.py"):
            for other in code_folders() - LIBRARIES - {f"services/{folder.name}"}:
                assert other.replace("/", ".") not in file.read_text(), file
