"""One value of a settings file changes; its comments and layout stay."""

import stat
import tomllib
from pathlib import Path

import pytest

from cli.errors import UserError
from ops.commands.pause import with_archive, with_value, write_atomically
from settings.environment import FOLDER


@pytest.mark.parametrize("name", ["dev", "prod"])
@pytest.mark.parametrize("paused", [True, False])
def test_only_one_value_changes(name: str, paused: bool) -> None:
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    changed = with_value(text, "paused", paused)
    assert changed.replace(f"paused = {str(paused).lower()} ", "paused = false ") == text
    key = f"models/{'a' * 64}/blip2-endpoint.tar.gz"
    both = tomllib.loads(with_value(changed, "artifact", key))["model"]
    assert (both["paused"], both["artifact"]) == (paused, key)


KEY = f"models/{'a' * 64}/blip2-endpoint.tar.gz"


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_archive_brings_its_catalogues_version(name: str) -> None:
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    changed = with_archive(text, KEY, "0123456789abcdef")
    before, after = text.splitlines(), changed.splitlines()
    differing = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert [new.partition(" = ")[0] for _, new in differing] == ["artifact", "catalogue_version"]
    model = tomllib.loads(changed)["model"]
    assert (model["artifact"], model["catalogue_version"]) == (KEY, "0123456789abcdef")
    again = tomllib.loads(with_archive(changed, KEY, "f" * 16))["model"]
    assert again == model | {"catalogue_version": "f" * 16}


def test_version_is_added_below_the_archive() -> None:
    text = '[model]\nartifact = "demo" # the model\n\n# [model.schedule]\n\n[llm]\nmodel = "m"\n'
    changed = with_archive(text, KEY, "0123456789abcdef")
    assert changed.splitlines()[1:3] == [
        f'artifact = "{KEY}" # the model',
        'catalogue_version = "0123456789abcdef"',
    ]


@pytest.mark.parametrize(
    "text", ["", "paused = false\n", "[model]\nmode = 'async'\n", "[studio]\npaused = false\n"]
)
def test_missing_line_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="no line `paused`") as refused:
        with_value(text, "paused", True)
    assert refused.value.hint == "Add the line paused = true below [model]."


def test_replaced_file_keeps_its_mode(tmp_path: Path) -> None:
    file = tmp_path / "dev.toml"
    file.write_bytes(b"old")
    file.chmod(0o640)
    write_atomically(file, b"new")
    assert (file.read_bytes(), stat.S_IMODE(file.stat().st_mode)) == (b"new", 0o640)
    assert list(tmp_path.iterdir()) == [file]


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
