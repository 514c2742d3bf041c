"""Changing one value of a settings file: comments and layout stay, and the file is replaced at once."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import tomlkit
from tomlkit.exceptions import NonExistentKey

from cli.errors import UserError


def with_value(text: str, section: str, key: str, value: str | bool) -> str:
    """Return TOML with another value of a key that it has; raise UserError where it has no such key."""
    document = tomlkit.parse(text)
    try:
        table = document[section]
        table[key]
    except (NonExistentKey, TypeError) as error:
        line = f"{key} = {tomlkit.item(value).as_string()}"
        raise UserError(
            f"The settings have no line `{key}` in a section [{section}].",
            hint=f"Add the line {line} below [{section}].",
        ) from error
    table[key] = value
    return document.as_string()


def write_atomically(file: Path, content: bytes) -> None:
    """Replace a file's content as a whole: a reader finds the old content or the new."""
    target = file.resolve()
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as draft:
        draft.write(content)
    try:
        shutil.copymode(target, draft.name)
        Path(draft.name).replace(target)
    finally:
        Path(draft.name).unlink(missing_ok=True)
