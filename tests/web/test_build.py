"""What is installed for the page's build, and when it is installed anew."""

import json
from pathlib import Path
from typing import Any

import pytest

from web import build

LOCKED: dict[str, dict[str, Any]] = {
    "": {"name": "web"},
    "node_modules/preact": {"version": "11.2.0"},
    "node_modules/typescript": {"version": "5.9.3", "dev": True},
    "node_modules/@rolldown/binding-win32-x64-msvc": {"version": "1.0.0", "optional": True},
}
PREACT, TYPESCRIPT = "node_modules/preact", "node_modules/typescript"


@pytest.fixture
def installations(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """What npm is asked to do, in a folder with a lock and nothing installed."""
    calls: list[tuple[str, ...]] = []
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": LOCKED}))
    monkeypatch.setattr(build, "FOLDER", tmp_path)
    monkeypatch.setattr(build, "run", lambda script, *options, **rest: calls.append(options))
    return calls


def put(*names: str, **other_versions: str) -> None:
    modules = build.FOLDER / "node_modules"
    modules.mkdir(exist_ok=True)
    packages = {
        name: {"version": other_versions.get(name.split("/")[1], LOCKED[name]["version"])} for name in names
    }
    (modules / ".package-lock.json").write_text(json.dumps({"packages": packages}))


def test_first_installation_has_no_checks(installations: list[tuple[str, ...]]) -> None:
    build.install()
    assert [options[:2] for options in installations] == [("ci", "--omit=dev")]
    assert "--ignore-scripts" in installations[0]


def test_installed_lock_is_kept(installations: list[tuple[str, ...]]) -> None:
    put(PREACT)
    build.install()
    assert installations == []


def test_checks_are_installed_too(installations: list[tuple[str, ...]]) -> None:
    put(PREACT)
    build.install(dev=True)
    assert "--omit=dev" not in installations[0]
    put(PREACT, TYPESCRIPT)
    build.install(dev=True)
    build.install()
    assert len(installations) == 1


def test_other_version_is_replaced(installations: list[tuple[str, ...]]) -> None:
    put(PREACT, preact="11.1.0")
    build.install()
    assert len(installations) == 1


def test_half_an_installation_is_done_again(installations: list[tuple[str, ...]]) -> None:
    (build.FOLDER / "node_modules" / "preact").mkdir(parents=True)
    build.install()
    assert len(installations) == 1


def test_failure_says_what_the_tool_said() -> None:
    with pytest.raises(RuntimeError, match=r"web: no-such\.js --x failed:\n(.*\n)*.*Cannot find module"):
        build.run("no-such.js", "--x")
