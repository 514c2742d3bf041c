"""Which stack ships which code. The table of the design, held true against folders and assemblies."""

import json
from pathlib import Path

from tests.stacks.conftest import Assembly

ROOT = Path(__file__).resolve().parents[2]

SHIPS = {
    "storage": set[str](),
    "model": {"model_artifacts/blip2"},
    "analyze": {"services/analyze"},
    "gateway": {"services/authorizer"},
    "results": {"services/results"},
    "hooks": {"services/hooks"},
    "studio": set[str](),
}
# What runs as a process where there is no AWS.
AWS_ONLY = {"model", "analyze", "studio"}
LIBRARIES = {"services/core", "services/web"}


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
    sources = [Path(one["source"]["path"]) for one in manifest["files"].values()]
    folders = {
        source.relative_to(ROOT).as_posix()
        for source in sources
        if not source.name.endswith(".template.json")
    }
    for image in manifest["dockerImages"].values():
        context = assembly.folder / image["source"]["directory"]
        inside = {"/".join(file.relative_to(context).parts[:2]) for file in context.rglob("*/*/*")}
        folders |= inside - LIBRARIES
    return folders


def test_every_folder_of_code_is_shipped_by_one_stack_or_is_a_library() -> None:
    owners = [*SHIPS.values(), LIBRARIES]
    assert sum(map(len, owners)) == len(set().union(*owners))
    assert set().union(*owners) == code_folders()


def test_every_asset_comes_from_where_the_table_says(assembly: Assembly) -> None:
    for stack in assembly.stacks:
        # An image that is named by its digest was built and pushed before, an archive by its key uploaded.
        before = {
            "analyze": assembly.settings.image_digest is not None,
            "model": assembly.settings.model.artifact != "demo",
        }
        assert shipped(assembly, stack) == (set() if before.get(stack) else SHIPS[stack])


def test_an_environment_has_the_stacks_of_the_table(assembly: Assembly) -> None:
    missing = set(AWS_ONLY) if assembly.settings.target == "emulator" else set()
    if assembly.settings.studio is None:
        missing.add("studio")
    assert assembly.stacks == set(SHIPS) - missing


def test_no_service_imports_another() -> None:
    for folder in (ROOT / "services").iterdir():
        for file in folder.rglob("*.py"):
            for other in code_folders() - LIBRARIES - {f"services/{folder.name}"}:
                assert other.replace("/", ".") not in file.read_text(), file
