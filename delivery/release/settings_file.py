"""The one line of an environment's file that a release writes: `artifact` of its section [model]."""

from __future__ import annotations

import re
import shutil
import tempfile
import tomllib
from pathlib import Path

from delivery.errors import DeliveryError

_SECTION = re.compile(r"^\s*\[")
_MODEL = re.compile(r"^\s*\[\s*model\s*\]")
_ARTIFACT = re.compile(r"""^(\s*artifact\s*=\s*)("[^"]*"|'[^']*')""")


def with_artifact(text: str, key: str) -> str:
    """The file's text with another `model.artifact`; all else, comments among it, stays as it is.

    Raises DeliveryError when [model] holds no such line.
    """
    lines = text.splitlines(keepends=True)
    inside = False
    for number, line in enumerate(lines):
        if _SECTION.match(line):
            inside = bool(_MODEL.match(line))
        elif inside and _ARTIFACT.match(line):
            lines[number] = _ARTIFACT.sub(lambda found: f'{found[1]}"{key}"', line)
            break
    changed = "".join(lines)
    expected = tomllib.loads(text)
    expected.setdefault("model", {})["artifact"] = key
    if tomllib.loads(changed) != expected:
        raise DeliveryError(
            "The settings hold no line `artifact` in a section [model].",
            cure='Add the line artifact = "demo" below [model].',
        )
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
