"""Which npm packages are part of the page: what its code imports, and what that needs."""

import json
from pathlib import Path
from typing import Any

import pytest

from cli.errors import UserError
from supply_chain.page import page_packages


def page(folder: Path, source: str, **lock: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the packages of a page with this source, where npm's lock has these places."""
    (folder / "src/deep").mkdir(parents=True)
    (folder / "src/deep/main.tsx").write_text(source)
    places = {place.replace("__", "/node_modules/").lstrip("/"): one for place, one in lock.items()}
    packages = {place: {"integrity": "sha512-", "version": "1.0.0", **one} for place, one in places.items()}
    (folder / "package-lock.json").write_text(json.dumps({"packages": packages}))
    return [(one.name, one.version) for one in page_packages(folder)]


@pytest.mark.parametrize(
    "source",
    [
        'import { one } from "one";',
        "import one, { type Two } from 'one/deep.js';",
        'import "one/style.css";',
        'import {\n  one,\n  two,\n} from "one";',
        'export { one } from "one";',
        'const one = await import("one");',
    ],
)
def test_imported_package_is_shipped(tmp_path: Path, source: str) -> None:
    assert page(tmp_path, source, __one={"dev": True}, __two={}) == [("one", "1.0.0")]


@pytest.mark.parametrize(
    "source", ['import type { One } from "one";', 'import { one } from "./one";', "// one"]
)
def test_types_and_own_files_are_no_package(tmp_path: Path, source: str) -> None:
    assert page(tmp_path, source, __one={}) == []


def test_needed_packages_are_shipped_too(tmp_path: Path) -> None:
    peers = {
        "peerDependencies": {"three": "*", "four": "*"},
        "peerDependenciesMeta": {"four": {"optional": True}},
    }
    lock = {"__one": {"dependencies": {"two": "^2"}, **peers}, "__two": {}, "__three": {}, "__four": {}}
    lock |= {"__one__two": {"version": "2.0.0", "dependencies": {"one": "*"}}}
    found = page(tmp_path, 'import "one";', **lock)
    assert found == [("one", "1.0.0"), ("three", "1.0.0"), ("two", "2.0.0")]


def test_missing_package_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="lacks one, which the page imports"):
        page(tmp_path, 'import "one";')
