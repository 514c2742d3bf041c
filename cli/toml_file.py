"""The lines of an environment's file that a command writes, both in its section [model]."""

from __future__ import annotations

import re
import shutil
import tempfile
import tomllib
from pathlib import Path

from cli.errors import UserError

_SECTION = re.compile(r"^\s*\[")
_MODEL = re.compile(r"^\s*\[\s*model\s*\]")
_VALUE = r"""(?:"[^"]*"|'[^']*'|true|false)"""


def with_artifact(text: str, key: str) -> str:
    """The file's text with another `model.artifact`; all else, comments among it, stays as it is.

    Raises DeliveryError when [model] holds no such line.
    """
    return _with(text, "artifact", key, f'"{key}"', 'Add the line artifact = "demo" below [model].')


def with_paused(text: str, paused: bool) -> str:
    """The same with another `model.paused`."""
    return _with(text, "paused", paused, str(paused).lower(), "Add the line paused = false below [model].")


def _with(text: str, name: str, value: object, written: str, hint: str) -> str:
    line_of = re.compile(rf"^(\s*{name}\s*=\s*){_VALUE}")
    lines = text.splitlines(keepends=True)
    inside = False
    for number, line in enumerate(lines):
        if _SECTION.match(line):
            inside = bool(_MODEL.match(line))
        elif inside and line_of.match(line):
            lines[number] = line_of.sub(lambda found: f"{found[1]}{written}", line)
            break
    changed = "".join(lines)
    expected = tomllib.loads(text)
    expected.setdefault("model", {})[name] = value
    if tomllib.loads(changed) != expected:
        raise UserError(f"The settings hold no line `{name}` in a section [model].", hint=hint)
    return changed


def write_whole(file: Path, content: bytes) -> None:
    """Put `content` in the place of the file's, whole or not at all."""
    target = file.resolve()
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as other:
        written = Path(other.name)
    try:
        written.write_bytes(content)
        shutil.copymode(target, written)
        written.replace(target)
    finally:
        written.unlink(missing_ok=True)
