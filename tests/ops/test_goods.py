"""The catalogue of an archive is read before anything is uploaded, and another one is refused by name."""

import tarfile
from pathlib import Path
from typing import Any

import pytest

from catalogue import DRAWN, SECOND_HAND, load
from cli.errors import UserError
from ops.goods import check_goods, selected_goods, version_in
from tests.ops.archives import pack
from tests.ops.conftest import KEY, make_settings


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return tmp_path / "blip2-endpoint.tar.gz"


def test_archive_of_the_goods_is_accepted(archive: Path) -> None:
    version = load(DRAWN).version
    assert check_goods(make_settings(), pack(archive, version)) == version


def test_archive_of_other_goods_names_both(archive: Path) -> None:
    pack(archive, load(SECOND_HAND).version)
    with pytest.raises(UserError) as refused:
        check_goods(make_settings(), archive)
    assert f"{load(SECOND_HAND).version} (second_hand)" in str(refused.value)
    assert f"{load(DRAWN).version} (drawn)" in str(refused.value)
    assert 'set catalogue.goods = "second_hand"' in refused.value.hint


def test_archive_of_an_older_catalogue_names_both(archive: Path) -> None:
    settings = make_settings(model={"artifact": KEY}, catalogue={"goods": "second_hand"})
    with pytest.raises(UserError) as refused:
        check_goods(settings, pack(archive, "0123456789abcdef"))
    assert "0123456789abcdef" in str(refused.value)
    assert load(SECOND_HAND).version in str(refused.value)
    assert "--catalogue second_hand, or check out the commit" in refused.value.hint


@pytest.mark.parametrize("version", [None, 3, "", "0123456789ABCDEF", "../../etc", ["0123456789abcdef"]])
def test_catalogue_without_version_is_refused(archive: Path, version: Any) -> None:
    with pytest.raises(UserError, match=r"its catalogue\.json states no version"):
        version_in(pack(archive, version))


@pytest.mark.parametrize("content", [b"", b"no archive", b"\x1f\x8b\x08 cut"])
def test_unreadable_archive_is_refused(archive: Path, content: bytes) -> None:
    archive.write_bytes(content)
    with pytest.raises(UserError, match=r"blip2-endpoint\.tar\.gz (cannot be read|holds no)"):
        version_in(archive)


def test_cut_archive_is_refused(archive: Path) -> None:
    pack(archive, load(DRAWN).version)
    archive.write_bytes(archive.read_bytes()[:60])
    with pytest.raises(UserError):
        version_in(archive)


def test_archive_without_catalogue_is_refused(archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(__file__, "manifest.json")
    with pytest.raises(UserError, match=r"holds no catalogue\.json") as refused:
        version_in(archive)
    assert "package" in refused.value.hint


def test_folder_named_catalogue_is_refused(archive: Path) -> None:
    with tarfile.open(archive, "w:gz") as packed:
        packed.add(Path(__file__).parent / "release", "catalogue.json", recursive=False)
    with pytest.raises(UserError, match=r"holds no catalogue\.json"):
        version_in(archive)


def test_selection_is_of_the_settings_departments() -> None:
    settings = make_settings(
        model={"artifact": KEY}, catalogue={"goods": "second_hand", "departments": ["shoes", "bags"]}
    )
    assert set(selected_goods(settings).departments) == {"shoes", "bags"}
    assert selected_goods(make_settings()) == load(DRAWN)
