"""Single values of a settings file change; its comments and layout stay."""

import stat
import tomllib
from pathlib import Path
from typing import Any

import pytest

from cli.errors import UserError
from cli.settings_file import with_added, with_value, without, write_atomically
from settings.environment import FOLDER

KEY = f"models/{'a' * 64}/blip2-endpoint.tar.gz"


@pytest.mark.parametrize("name", ["dev", "prod"])
@pytest.mark.parametrize("paused", [True, False])
def test_only_one_value_changes(name: str, paused: bool) -> None:
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    changed = with_value(text, "model.paused", paused)
    assert changed.replace("paused = true  ", "paused = false ") == text
    both = tomllib.loads(with_value(changed, "model.artifact", KEY))["model"]
    assert (both["paused"], both["artifact"]) == (paused, KEY)


@pytest.mark.parametrize("text", ["days = 1 # of a year\r\n\r\n[model]\r\n", "days=1\n[day]\ndays=2\n"])
def test_line_above_sections_changes(text: str) -> None:
    assert with_value(text, "days", 90) == text.replace("= 1 ", "= 90 ").replace("=1\n[", "=90\n[")


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        ("x = 10000   # ms\n", 500, "x = 500     # ms\n"),
        ("x = 500     # ms\n", 10000, "x = 10000   # ms\n"),
        ("x = 5  # ms\n", 10000, "x = 10000 # ms\n"),
        ("x = 10000 # ms\n", 5, "x = 5 # ms\n"),
        ("x = 5\n", 10000, "x = 10000\n"),
        ('x = "a"     # ms\n', "long", 'x = "long"  # ms\n'),
        ('x = "a"  # ms\n', "b" * 64, f'x = "{"b" * 64}"  # ms\n'),
        (f'x = "{"b" * 64}"  # ms\n', "a", 'x = "a"  # ms\n'),
        ("a.x = 1\nx = 5  # ms\n", 10, "a.x = 1\nx = 10 # ms\n"),
    ],
)
def test_comment_keeps_its_column(before: str, value: int | str, after: str) -> None:
    assert with_value(before, "x", value) == after


def test_section_in_parts_changes() -> None:
    text = "[a]\nx = 1 # one\n[b]\ny = 1\n[a.c]\nz = 1\n"
    assert with_value(text, "a.x", 2) == text.replace("x = 1", "x = 2")


@pytest.mark.parametrize(
    "text", ["", "paused = false\n", "[model]\nmode = 'async'\n", "[studio]\npaused = false\n"]
)
def test_missing_line_is_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"no line `paused` in a section \[model\]") as refused:
        with_value(text, "model.paused", True)
    assert refused.value.hint == "Add the line paused = true below [model]."


def test_missing_line_above_sections_is_refused() -> None:
    with pytest.raises(UserError, match="no line `days` above their first section") as refused:
        with_value("[model]\ndays = 1\n", "days", 2)
    assert refused.value.hint == "Add the line days = 2 there."


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ("[a]\nx = 1 # one\n", "a.x", "[a]\nx = 7 # one\n"),
        ("[a]\n# x = 1    # one\n[b]\n", "a.x", "[a]\nx = 7    # one\n[b]\n"),
        ('[a]\n# x = "a # b" # one\n', "a.x", "[a]\nx = 7 # one\n"),
        ("[a]\ny = 2\n\n# [a.b]\n# x = 1\n", "a.x", "[a]\nx = 7\ny = 2\n\n# [a.b]\n# x = 1\n"),
        ("[b]\n# x = 1\n[a] # the a\r\n", "a.x", "[b]\n# x = 1\n[a] # the a\r\nx = 7\n"),
        ("[a]\r\ny = 2\r\n", "a.x", "[a]\r\nx = 7\r\ny = 2\r\n"),
        ("[a]", "a.x", "[a]\nx = 7\n"),
        ("# y = 1\ny = 2\n[a]\nx = 1\n", "x", "x = 7\n# y = 1\ny = 2\n[a]\nx = 1\n"),
        ("", "x", "x = 7\n"),
    ],
)
def test_absent_value_is_added(before: str, key: str, after: str) -> None:
    assert with_added(before, key, 7) == after
    assert _at(tomllib.loads(after), key) == 7


def _at(values: dict[str, Any], key: str) -> Any:
    section, _, name = key.rpartition(".")
    return (values[section] if section else values)[name]


def test_value_needs_its_section() -> None:
    with pytest.raises(UserError, match=r"no section \[alarms\]"):
        with_added("# [alarms]\nx = 1\n", "alarms.x", 7)


@pytest.mark.parametrize(
    ("before", "key", "after"),
    [
        ("x = 1 # one\n[a]\nx = 2\n", "x", "# x = 1 # one\n[a]\nx = 2\n"),
        ("x = 1\n[a]\nx = 2\n", "a.x", "x = 1\n[a]\n# x = 2\n"),
        ("[a] # an a\nx = [\n  1,\n]\n\n# y\n[b]\n", "a", "# [a] # an a\n# x = [\n#   1,\n# ]\n\n# y\n[b]\n"),
        ("[a]\nx = 1\n[a.b]\ny = 2\n", "a.b", "[a]\nx = 1\n# [a.b]\n# y = 2\n"),
    ],
)
def test_setting_becomes_a_comment(before: str, key: str, after: str) -> None:
    assert without(before, key) == after
    with pytest.raises(UserError, match=f"no line or section `{key}`|no section"):
        without(after, key)


def test_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "dev.toml"
    file.write_bytes(b"old")
    file.chmod(0o640)
    write_atomically(file, b"new")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"new", 0o640)
    assert list(tmp_path.iterdir()) == [file]


def test_new_file_is_readable(tmp_path: Path) -> None:
    file = tmp_path / "new.toml"
    write_atomically(file, b"new")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"new", 0o644)
    assert list(tmp_path.iterdir()) == [file]


def test_linked_file_stays_a_link(tmp_path: Path) -> None:
    file, link = tmp_path / "dev.toml", tmp_path / "link.toml"
    file.write_bytes(b"old")
    link.symlink_to(file)
    write_atomically(link, b"new")
    assert (link.is_symlink(), file.read_bytes()) == (True, b"new")


def test_failed_write_leaves_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "dev.toml"
    file.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        write_atomically(file, b"new")
    assert file.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [file]
