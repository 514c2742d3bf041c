"""Packages inside an archive: removed if built for another machine, else left."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from model_artifacts.blip2.tools.archive import remove_foreign_packages

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def code(tmp_path: Path) -> Path:
    (tmp_path / "inference.py").write_text("import pixels\n")
    (tmp_path / "scoring").mkdir()
    return tmp_path


def install(code: Path, name: str, tag: str) -> None:
    """As `uv pip install --target` leaves a package."""
    (code / name).mkdir()
    (code / name / "__init__.py").write_text("")
    (code / f"{name}_alone.py").write_text("")
    info = code / f"{name}-1.5.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.5\n")
    (info / "WHEEL").write_text(f"Wheel-Version: 1.0\nRoot-Is-Purelib: false\nTag: {tag}\n")
    files = (f"{name}/__init__.py", f"{name}_alone.py", f"{info.name}/METADATA", f"../../bin/{name}")
    (info / "RECORD").write_text("".join(f"{file},,\n" for file in files))


def test_foreign_packages_are_removed_and_pinned(code: Path) -> None:
    install(code, "words", "py3-none-any")
    install(code, "pixels", "cp312-cp312-manylinux_2_28_riscv64")
    assert remove_foreign_packages(code) == ["pixels==1.5", "words==1.5"]
    assert sorted(file.name for file in code.iterdir()) == ["inference.py", "scoring"]


def test_packages_for_this_machine_stay(code: Path) -> None:
    install(code, "words", "py2.py3-none-any")
    install(code, "pixels", f"cp{sys.version_info.major}{sys.version_info.minor}-none-any")
    before = sorted(code.rglob("*"))
    assert remove_foreign_packages(code) == []
    assert sorted(code.rglob("*")) == before


def test_handlers_without_packages_stay(code: Path) -> None:
    assert remove_foreign_packages(code) == []
    assert (code / "inference.py").is_file()
