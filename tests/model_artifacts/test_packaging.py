from __future__ import annotations

import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from model_artifacts.blip2 import packaging
from model_artifacts.blip2.__main__ import main
from model_artifacts.blip2.demo import MODEL
from model_artifacts.blip2.gzip_stored import StoredGzip

if TYPE_CHECKING:
    from pathlib import Path

ASK = """
import json, sys
from pathlib import Path
from local.servers.handlers import load
invoke = load(Path("code"), Path.cwd())
answer = invoke(sys.stdin.buffer.read(), {"Content-Type": "application/json", "Accept": "application/json"})
sys.stdout.write(answer.body.decode())
sys.exit(answer.status != 200)
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    file = tmp_path_factory.mktemp("archive") / packaging.NAME
    packaging.build(file, MODEL)
    return file


def test_the_same_input_gives_the_same_bytes(archive: Path, tmp_path: Path) -> None:
    copy = tmp_path / "elsewhere"
    shutil.copytree(MODEL, copy)
    for file in copy.iterdir():
        os.utime(file, (1, 1))
        file.chmod(0o600)
    packaging.build(tmp_path / "again.tar.gz", copy)
    assert (tmp_path / "again.tar.gz").read_bytes() == archive.read_bytes()


def test_nothing_of_this_machine_is_in_the_archive(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        members = tar.getmembers()
    assert [one.name for one in members] == sorted(one.name for one in members)
    for one in members:
        assert (one.mtime, one.uid, one.gid, one.uname, one.gname, one.mode) == (0, 0, 0, "", "", 0o644)
    assert archive.read_bytes()[4:8] == bytes(4)


def test_the_model_lies_at_the_root_and_its_handlers_in_code(archive: Path) -> None:
    with tarfile.open(archive) as tar:
        names = set(tar.getnames())
    model = {file.name for file in MODEL.iterdir()}
    code = {f"code/{file.name}" for file in packaging.CODE.iterdir() if file.name != "__pycache__"}
    assert {"code/inference.py", "code/requirements.txt"} < code
    assert names == model | code


def test_the_unpacked_handlers_answer(archive: Path, tmp_path: Path, document: dict[str, Any]) -> None:
    with tarfile.open(archive) as tar:
        tar.extractall(tmp_path, filter="data")
    root = str(packaging.CODE.parents[2])
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": root, "HF_HUB_OFFLINE": "1"},
        input=json.dumps(document).encode(),
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr.decode()
    answer = json.loads(done.stdout)
    assert answer["artifact"].startswith("demo-")
    assert answer["caption"].startswith("a ")


def test_what_the_model_does_not_read_stays_out(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(MODEL, model)
    (model / "README.md").write_text("hello")
    (model / ".cache.json").write_text("{}")
    (model / "pytorch_model.bin").write_bytes(b"old weights")
    (model / "__pycache__").mkdir()
    assert packaging.contents(model).keys() == packaging.contents(MODEL).keys()


def test_a_folder_without_weights_is_refused_and_leaves_no_archive(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "config.json").write_text("{}")
    file = tmp_path / "out" / "a.tar.gz"
    assert main(["package", "--model", str(tmp_path), "--out", str(file)]) == 1
    assert "no model's folder, which holds config.json and *.safetensors" in capsys.readouterr().err
    assert not file.exists()


def test_the_command_prints_the_archives_hash_and_its_key(
    archive: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["package", "--out", str(tmp_path / "a.tar.gz")]) == 0
    sha256 = hashlib.sha256(archive.read_bytes()).hexdigest()
    assert capsys.readouterr().out == f"sha256: {sha256}\nkey: models/{sha256}/blip2-endpoint.tar.gz\n"


def test_packages_inside_take_the_place_of_the_requirements(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
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
    assert "x86_64-manylinux_2_28 --python-version 3.12" in " ".join(commands[0])


def test_packages_that_cannot_be_had_are_an_error_in_uvs_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failed = subprocess.CompletedProcess([], 2, "", "error: no such wheel\n")
    monkeypatch.setattr(subprocess, "run", lambda *_, **__: failed)
    with pytest.raises(packaging.PackagingError, match="cannot be installed: error: no such wheel"):
        packaging.build(tmp_path / "a.tar.gz", MODEL, with_packages=True)
    assert not list(tmp_path.iterdir())


def test_the_fingerprint_changes_with_the_model_and_with_what_is_inside(tmp_path: Path) -> None:
    one = packaging.fingerprint(MODEL)
    assert packaging.fingerprint(MODEL) == one
    assert packaging.fingerprint(MODEL, with_packages=True) != one
    copy = tmp_path / "model"
    shutil.copytree(MODEL, copy)
    assert packaging.fingerprint(copy) == one
    (copy / "manifest.json").write_text("{}")
    assert packaging.fingerprint(copy) != one


@pytest.mark.parametrize("size", [0, 1, 65_534, 65_535, 65_536, 200_000])
def test_stored_bytes_are_a_gzip_file(tmp_path: Path, size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    with (tmp_path / "a.gz").open("wb") as stream, StoredGzip(stream) as stored:
        for start in range(0, size, 1000):
            stored.write(data[start : min(start + 1000, size)])
    assert gzip.decompress((tmp_path / "a.gz").read_bytes()) == data[:size]
