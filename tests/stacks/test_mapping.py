"""Which stack ships which code: the table of the design against folders and assemblies."""

import json
from pathlib import Path

from tests.stacks.assemblies import Assembly

ROOT = Path(__file__).resolve().parents[2]

SHIPS = {
    "storage": set[str](),
    "model": {"model_artifacts/blip2"},
    "analyze": {"services/analyze"},
    "gateway": {"services/authorizer"},
    "results": {"services/results"},
    "hooks": {"services/hooks", "services/logs"},
    "studio": set[str](),
    "web": {"web"},
    "delivery": set[str](),
    "observability": set[str](),
}
# Stacks whose parts run as local processes without AWS, or that the emulator refuses.
AWS_ONLY = {"model", "analyze", "studio", "web", "delivery", "observability"}
LIBRARIES = {"services/core", "services/web"}
DATA = {"catalogue/drawn", "catalogue/photo", "catalogue/second_hand"}
# How demo models are made.
RECIPES = {"blip2_demo", "blip2_photo"}


def code_folders() -> set[str]:
    parents = (ROOT / "services", ROOT / "model_artifacts")
    return {"web"} | {
        folder.relative_to(ROOT).as_posix()
        for parent in parents
        for folder in parent.iterdir()
        if (folder / "__init__.py").is_file() and folder.name not in RECIPES
    }


def shipped(assembly: Assembly, stack: str) -> set[str]:
    """Return the folders of the stack's assets, except its template and what the CDK makes or brings."""
    file = assembly.folder / f"vitrine-{assembly.settings.name}-{stack}.assets.json"
    manifest = json.loads(file.read_text())
    sources = [Path(one["source"]["path"]) for one in manifest["files"].values()]
    folders = {source.relative_to(ROOT).as_posix() for source in sources if source.is_absolute()}
    for image in manifest["dockerImages"].values():
        context = assembly.folder / image["source"]["directory"]
        inside = {"/".join(file.relative_to(context).parts[:2]) for file in context.rglob("*/*/*")}
        folders |= inside - LIBRARIES - DATA
    return folders


def test_each_folder_has_one_stack() -> None:
    owners = [*SHIPS.values(), LIBRARIES]
    assert sum(map(len, owners)) == len(set().union(*owners))
    assert set().union(*owners) == code_folders()


def test_assets_come_from_their_folders(assembly: Assembly) -> None:
    ships = SHIPS if assembly.settings.has_edge_logs() else SHIPS | {"hooks": {"services/hooks"}}
    for stack in assembly.stacks:
        # An image named by digest and an archive named by key are uploaded before the deployment.
        uploaded = {
            "analyze": assembly.settings.image_digest is not None,
            "model": assembly.settings.model.artifact != "demo",
        }
        assert shipped(assembly, stack) == (set() if uploaded.get(stack) else ships[stack])


def test_environments_have_their_stacks(assembly: Assembly) -> None:
    missing = set(AWS_ONLY) if assembly.settings.target == "emulator" else set()
    missing |= {name for name in ("studio", "web", "delivery") if getattr(assembly.settings, name) is None}
    assert assembly.stacks == set(SHIPS) - missing


def test_no_service_imports_another() -> None:
    for folder in (ROOT / "services").iterdir():
        for file in folder.rglob("*.py"):
            for other in code_folders() - LIBRARIES - {"web", f"services/{folder.name}"}:
                assert other.replace("/", ".") not in file.read_text(), file
