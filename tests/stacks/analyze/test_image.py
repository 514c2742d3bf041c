"""The service's image: source, build context and hash."""

import json
import re
import shutil
import tomllib
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from aws_cdk import aws_ecr_assets as ecr_assets

from settings.environment import FOLDER, Environment
from stacks.analyze import task
from stacks.app import ROOT
from tests.stacks.assemblies import Assembly

pytestmark = pytest.mark.system
ROOMS = (ROOT / "services", ROOT / "model_artifacts")


def image_of(assembly: Assembly) -> dict[str, Any]:
    (container,) = assembly.only("analyze", "ECS::TaskDefinition")["ContainerDefinitions"]
    return dict(container["Image"])


def test_image_is_built_for_arm(prod: Assembly) -> None:
    manifest = json.loads((prod.folder / "vitrine-prod-analyze.assets.json").read_text())
    (image,) = manifest["dockerImages"].items()
    assert image[1]["source"]["platform"] == "linux/arm64"
    assert image[1]["source"]["dockerFile"] == "services/analyze/Dockerfile"
    assert image_of(prod)["Fn::Sub"].endswith(f":{image[0]}")


def test_named_image_comes_by_digest(shop: Assembly) -> None:
    repository = shop.only("storage", "ECR::Repository")["RepositoryName"]
    parts = image_of(shop)["Fn::Join"][1]
    assert parts[-1].endswith(f"/{repository}@{shop.settings.image_digest}")


def test_named_image_adds_no_export(prod: Assembly, shop: Assembly) -> None:
    def exports(assembly: Assembly) -> set[str]:
        outputs = assembly.template("storage")["Outputs"]
        return {name for name, output in outputs.items() if "Export" in output}

    assert exports(prod) == exports(shop)


def test_build_context_is_the_service(prod: Assembly) -> None:
    (context,) = (folder for folder in prod.folder.glob("asset.*") if (folder / "services").is_dir())
    inside = {file.relative_to(context).as_posix() for file in context.rglob("*") if file.is_file()}
    allowed = ("catalogue/", "services/__init__.py", "services/analyze/", "services/core/", "services/web/")
    assert all(file.startswith(allowed) for file in inside)
    assert not [file for file in inside if "__pycache__" in file or file.endswith(".pyc")]
    assert "services/analyze/requirements.txt" in inside


def test_dockerfile_copies_the_catalogue() -> None:
    lines = (ROOT / "services" / "analyze" / "Dockerfile").read_text("utf-8").splitlines()
    assert {"COPY catalogue catalogue/", "COPY --from=build /app/catalogue catalogue/"} <= set(lines)
    ignored = (ROOT / "services" / "analyze" / "Dockerfile.dockerignore").read_text("utf-8").splitlines()
    assert "!catalogue" in ignored


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Copy the services and the catalogue, from which the image is built."""
    for room in ("services", "catalogue"):
        shutil.copytree(ROOT / room, tmp_path / room, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(task, "ROOT", tmp_path)
    return tmp_path


def image_hash(values: dict[str, Any]) -> str:
    stack = cdk.Stack()
    task._image(stack, Environment.model_validate({"name": "shop", **values}))
    asset = stack.node.find_child("Image")
    assert isinstance(asset, ecr_assets.DockerImageAsset)
    return asset.asset_hash


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("services/analyze/app.py", True),
        ("services/core/photos/photo.py", True),
        ("services/web/__init__.py", True),
        ("services/analyze/Dockerfile", True),
        ("services/analyze/requirements.txt", True),
        ("catalogue/second_hand/departments/shoes.csv", True),
        ("catalogue/README.md", False),
        ("services/authorizer/handler.py", False),
        ("services/core/__pycache__/photo.cpython-313.pyc", False),
        ("README.md", False),
        (".env", False),
    ],
)
def test_image_hash_covers_its_files(repository: Path, file: str, changes: bool) -> None:
    values = tomllib.loads((FOLDER / "prod.toml").read_text())
    before = image_hash(values)
    path = repository / file
    path.parent.mkdir(exist_ok=True)
    path.write_bytes((path.read_bytes() if path.exists() else b"") + b"\n# touched\n")
    assert (image_hash(values) != before) is changes


def test_image_listens_on_the_port() -> None:
    lines = (ROOT / "services" / "analyze" / "Dockerfile").read_text("utf-8").splitlines()
    (entry,) = (line.removeprefix("ENTRYPOINT ") for line in lines if line.startswith("ENTRYPOINT "))
    arguments = json.loads(entry)
    assert arguments[arguments.index("--host") + 1] == "0.0.0.0"  # noqa: S104 - in a container of its own
    assert f"EXPOSE {task.PORT}" in lines
    assert "--port" not in arguments


@pytest.mark.parametrize(
    "dockerfile", [file.relative_to(ROOT).as_posix() for room in ROOMS for file in room.rglob("Dockerfile")]
)
def test_base_image_is_named_by_digest(dockerfile: str) -> None:
    lines = (ROOT / dockerfile).read_text("utf-8").splitlines()
    bases = [line.removeprefix("ARG BASE=") for line in lines if line.startswith("ARG BASE=")]
    assert len(bases) == 1
    assert re.fullmatch(r"[a-z0-9./-]+:[\w.-]+@sha256:[0-9a-f]{64}", bases[0])
    images = {line.split()[1] for line in lines if line.startswith("FROM ")}
    assert images == {"${BASE}"}
