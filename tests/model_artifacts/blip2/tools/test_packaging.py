from __future__ import annotations

import gzip
import hashlib
import json
import os
import re
import shutil
import subprocess
import tarfile
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
import torch
from safetensors.torch import load_file, save_file

import catalogue
from model_artifacts.blip2.__main__ import main
from model_artifacts.blip2.tools import packaging
from model_artifacts.blip2_demo import MODEL

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def archive(demo_archive: Path) -> Path:
    return demo_archive


def test_same_input_gives_same_bytes(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(MODEL, copy)
    for file in copy.iterdir():
        os.utime(file, (1, 1))
        file.chmod(0o600)
    packaging.build(tmp_path / "again.tar.gz", copy)
    assert (tmp_path / "again.tar.gz").read_bytes() == archive.read_bytes()


def test_archive_has_no_local_metadata(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
    assert [one.name for one in members] == sorted(one.name for one in members)
    for one in members:
        assert (one.mtime, one.uid, one.gid, one.uname, one.gname, one.mode) == (0, 0, 0, "", "", 0o644)
    assert archive.read_bytes()[4:8] == bytes(4)


def test_members_are_where_sagemaker_looks(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        names = set(tar.getnames())
    model = {file.name for file in MODEL.iterdir()}
    code = {f"code/{file.name}" for file in packaging.CODE.iterdir() if file.name != "__pycache__"}
    assert {"code/inference.py", "code/requirements.txt"} < code
    assert names == model | code
    assert "catalogue.json" in names


def test_unread_files_stay_out(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(MODEL, model)
    (model / "README.md").write_text("hello")
    (model / ".cache.json").write_text("{}")
    (model / "pytorch_model.bin").write_bytes(b"old weights")
    (model / "__pycache__").mkdir()
    assert packaging.contents(model).keys() == packaging.contents(MODEL).keys()


def test_folder_without_weights_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "config.json").write_text("{}")
    file = tmp_path / "out" / "a.tar.gz"
    assert main(["package", "--model", str(tmp_path), "--out", str(file)]) == 1
    assert "is no model's folder, which holds config.json and *.safetensors" in capsys.readouterr().err
    assert not file.exists()


def test_command_prints_hash_and_key(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["package", "--out", str(tmp_path / "a.tar.gz")]) == 0
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert capsys.readouterr().out == f"sha256: {sha256}\nkey: models/{sha256}/blip2-endpoint.tar.gz\n"


def test_included_packages_replace_requirements(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    commands: list[list[str]] = []

    def run(command: list[str], **_: Any) -> subprocess.CompletedProcess[str]:
        commands.append(command)
        folder = tmp_path.__class__(command[command.index("--target") + 1])
        for name in ("bin/tool", "numpy/__init__.py", "numpy/core.pyc", ".lock"):
            (folder / name).parent.mkdir(exist_ok=True)
            (folder / name).write_text("x")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    packaging.build(tmp_path / "a.tar.gz", MODEL, with_packages=True)
    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        code = {name for name in tar.getnames() if name.startswith("code/")}
    handlers = {f"code/{file.name}" for file in packaging.CODE.glob("*.py")}
    assert code == {"code/numpy/__init__.py", *handlers}
    stated_files = stated(tmp_path / "a.tar.gz")["files"]
    assert {name for name in stated_files if name.startswith("code/")} == handlers
    assert "x86_64-manylinux_2_28 --python-version 3.12" in " ".join(commands[0])


def stated(archive: Path) -> dict[str, Any]:
    with tarfile.open(archive) as tar:
        return json.load(tar.extractfile("manifest.json") or pytest.fail())  # type: ignore[no-any-return]


def test_manifest_states_version_and_hashes(archive: Path, tmp_path: Path) -> None:
    manifest = stated(archive)
    own = json.loads((MODEL / "manifest.json").read_text("utf-8"))
    assert own.items() <= manifest.items()
    assert re.fullmatch("demo-[0-9a-f]{12}", manifest["version"])
    assert manifest["revision"] is None
    made = (MODEL / "catalogue.json").read_bytes()
    version = catalogue.load(catalogue.DRAWN).version
    assert manifest["catalogue"] == {
        "name": "drawn",
        "version": version,
        "sha256": hashlib.sha256(made).hexdigest(),
    }
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    files = [file for file in tmp_path.rglob("*") if file.is_file() and file.name != "manifest.json"]
    assert manifest["files"] == {
        file.relative_to(tmp_path).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files
    }


def test_hub_revision_is_stated(tmp_path: Path) -> None:
    packaging.build(tmp_path / "a.tar.gz", MODEL, revision="f" * 40)
    assert stated(tmp_path / "a.tar.gz")["revision"] == "f" * 40


def test_catalogue_changes_version_readme_does_not(archive: Path, tmp_path: Path) -> None:
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    model, goods = tmp_path / "model", tmp_path / "goods"
    shutil.copytree(MODEL, model)
    (model / "README.md").write_text("about this model")
    assert packaging.build(tmp_path / "a.tar.gz", model) == sha256
    shutil.copytree(catalogue.DRAWN, goods)
    questions = goods / "words" / "questions.toml"
    questions.write_text(questions.read_text().replace("what is this?", "what is it?"))
    assert packaging.build(tmp_path / "b.tar.gz", model, catalogue=str(goods)) != sha256
    one, other = stated(archive), stated(tmp_path / "b.tar.gz")
    assert one["version"] != other["version"]
    assert other["catalogue"]["name"] == "goods"
    assert other["catalogue"]["version"] == catalogue.load(goods).version != one["catalogue"]["version"]


def test_catalogue_is_compiled_by_name(archive: Path, tmp_path: Path) -> None:
    bare = tmp_path / "model"
    shutil.copytree(MODEL, bare, ignore=shutil.ignore_patterns("catalogue.json"))
    packaging.build(tmp_path / "a.tar.gz", bare, catalogue="drawn")
    assert (tmp_path / "a.tar.gz").read_bytes() == archive.read_bytes()
    with pytest.raises(
        packaging.PackagingError, match=r"--catalogue drwan: must be drawn, photo, second_hand or"
    ):
        packaging.build(tmp_path / "b.tar.gz", bare, catalogue="drwan")
    with pytest.raises(packaging.PackagingError, match=r"the model has no tokens for '.+'; choose the cat"):
        packaging.build(tmp_path / "b.tar.gz", bare)
    assert not (tmp_path / "b.tar.gz").exists()


def test_outdated_catalogue_is_refused(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(MODEL, model)
    path = model / "catalogue.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"version": "0123456789abcdef"}))
    with pytest.raises(packaging.PackagingError, match="is of the catalogue 0123456789abcdef, and those com"):
        packaging.build(tmp_path / "a.tar.gz", model)
    with pytest.raises(packaging.PackagingError, match="is of the catalogue 0123456789abcdef"):
        packaging.fingerprint(model)
    path.write_text("{}")
    with pytest.raises(packaging.PackagingError, match=r"catalogue\.json: states no version"):
        packaging.build(tmp_path / "a.tar.gz", model)


def test_foreign_calibration_is_warned_of(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    model = tmp_path / "model"
    shutil.copytree(MODEL, model)
    own = json.loads((model / "manifest.json").read_text("utf-8"))
    packaging.build(tmp_path / "a.tar.gz", model)
    assert capsys.readouterr().err == ""
    own["calibration"]["catalogue"] = "0123456789abcdef"
    (model / "manifest.json").write_text(json.dumps(own))
    packaging.build(tmp_path / "a.tar.gz", model)
    assert "its calibration is of the catalogue 0123456789abcdef" in capsys.readouterr().err
    del own["calibration"]
    (model / "manifest.json").write_text(json.dumps(own))
    packaging.build(tmp_path / "a.tar.gz", model)
    assert "it has no calibration, so that every report" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("calibration", "named"),
    [
        ([], "calibration: must be an object"),
        (
            {"catalogue": "0123456789abcdef", "type": {"temperature": 1}},
            "calibration.type.threshold: must be",
        ),
    ],
)
def test_wrong_calibration_is_not_packaged(tmp_path: Path, calibration: object, named: str) -> None:
    model = tmp_path / "model"
    shutil.copytree(MODEL, model)
    (model / "manifest.json").write_text(json.dumps({"calibration": calibration}))
    with pytest.raises(packaging.PackagingError, match=rf"manifest\.json: {named}"):
        packaging.build(tmp_path / "a.tar.gz", model)
    assert not (tmp_path / "a.tar.gz").exists()


@pytest.mark.parametrize(
    "change",
    [
        lambda own: own["calibration"]["material"].update(temperature=1.5),
        lambda own: own["calibration"].pop("type"),
        lambda own: own["prompts"].update(question="Question: {} Short answer:"),
        lambda own: own.pop("prompts"),
    ],
)
def test_calibration_and_prompts_change_version(
    archive: Path, tmp_path: Path, change: Callable[[dict[str, Any]], object]
) -> None:
    model = tmp_path / "model"
    shutil.copytree(MODEL, model)
    own = json.loads((model / "manifest.json").read_text("utf-8"))
    change(own)
    (model / "manifest.json").write_text(json.dumps(own))
    packaging.build(tmp_path / "a.tar.gz", model)
    assert stated(tmp_path / "a.tar.gz")["version"] != stated(archive)["version"]


def test_priors_change_version(archive: Path, tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(MODEL, model)
    (model / "priors.json").write_text("{}")
    packaging.build(tmp_path / "a.tar.gz", model)
    assert stated(tmp_path / "a.tar.gz")["version"] != stated(archive)["version"]
    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        assert "priors.json" in tar.getnames()


def test_wider_weights_become_half_precision(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(MODEL, model)
    halves = load_file(MODEL / "model.safetensors")
    save_file({name: one.float() for name, one in halves.items()}, model / "model.safetensors")
    packaging.build(tmp_path / "a.tar.gz", model)
    with tarfile.open(tmp_path / "a.tar.gz") as tar:
        tar.extract("model.safetensors", tmp_path, filter="data")
    packed = load_file(tmp_path / "model.safetensors")
    assert packed.keys() == halves.keys()
    assert all(torch.equal(packed[name], one) for name, one in halves.items())
    assert {path.name for path in tmp_path.iterdir()} == {"model", "a.tar.gz", "model.safetensors"}


def test_failed_package_install_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    failed = subprocess.CompletedProcess([], 2, "", "error: no such wheel\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(packaging.PackagingError, match="cannot be installed: error: no such wheel"):
        packaging.build(tmp_path / "a.tar.gz", MODEL, with_packages=True)
    assert not list(tmp_path.iterdir())


def test_fingerprint_changes_with_its_inputs(tmp_path: Path) -> None:
    one = packaging.fingerprint(MODEL)
    assert packaging.fingerprint(MODEL) == one
    assert packaging.fingerprint(MODEL, with_packages=True) != one
    copy = tmp_path / "model"
    shutil.copytree(MODEL, copy)
    assert packaging.fingerprint(copy) == one
    assert packaging.fingerprint(copy, catalogue="second_hand") != one
    (copy / "manifest.json").write_text("{}")
    assert packaging.fingerprint(copy) != one


@pytest.mark.parametrize("size", [0, 1, 65_534, 65_535, 65_536, 200_000])
def test_stored_bytes_are_valid_gzip(tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    with (tmp_path / "a.gz").open("wb") as stream, closing(packaging.StoredGzip(stream)) as stored:
        for start in range(0, size, 1000):
            stored.write(data[start : min(start + 1000, size)])
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == data[:size]


def test_bin_weights_name_the_conversion(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "pytorch_model.bin").write_bytes(b"old weights")
    with pytest.raises(packaging.PackagingError, match=r"\*\.bin are not read: convert them with save_pret"):
        packaging.build(tmp_path / "a.tar.gz", tmp_path)
