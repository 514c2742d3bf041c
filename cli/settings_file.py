"""Changing single values of a settings file, and replacing the file as a whole."""

from __future__ import annotations

import re
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import NonExistentKey

from cli.errors import UserError
from settings.environment import FOLDER

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tomlkit.items import Item

Value = str | bool | int | float
_MOST_MOVED = 16
_HEADER = re.compile(r"\s*(#\s*)?\[+\s*([A-Za-z0-9_.-]+)\s*\]+")


def settings_file(name: str) -> Path:
    """Return the file of an environment: of its name, or of the path of a .toml file."""
    return Path(name) if name.endswith(".toml") else FOLDER / f"{name}.toml"


def with_value(text: str, key: str, value: Value | Sequence[str]) -> str:
    """Return TOML with another value of a dotted key, as in model.paused; comments and layout stay.

    The comment behind a value keeps its column where there is space. Raises UserError where it has no such
    key.
    """
    *sections, name = key.split(".")
    document = tomlkit.parse(text)
    table: Any = document
    try:
        for section in sections:
            table = table[section]
        table[name]
    except (NonExistentKey, TypeError) as error:
        section = f"[{'.'.join(sections)}]"
        where = f"in a section {section}" if sections else "above their first section"
        below = f"below {section}" if sections else "there"
        raise UserError(
            f"The settings have no line `{name}` {where}.",
            hint=f"Add the line {name} = {_toml(value)} {below}.",
        ) from error
    before = _item(table, name)
    table[name] = value
    _align(before, _item(table, name))
    return document.as_string()


def _item(table: Any, name: str) -> Item | None:
    # A section whose parts are in several places has none.
    return table.item(name) if hasattr(table, "item") else None


def _align(before: Item | None, after: Item | None) -> None:
    """Keep the comment of a changed value in its column, where there is space for it."""
    if before is None or after is None:
        return
    space, longer = after.trivia.comment_ws, len(after.as_string()) - len(before.as_string())
    # The comment of a much longer text follows it, and has its column again once the text is short.
    if after.trivia.comment and len(space) > 1 and abs(longer) <= _MOST_MOVED:
        after.trivia.comment_ws = " " * max(1, len(space) - longer)


def with_added(text: str, key: str, value: Value | Sequence[str], *, below: str = "") -> str:
    """Return TOML with a value of a key that it may lack.

    A comment that holds the key's place, as `# key = …`, becomes the setting. Otherwise the line is added
    below that of another key of the section, or below its header. Raises UserError for a missing section.
    """
    section, _, name = key.rpartition(".")
    table: Any = tomlkit.parse(text)
    for part in section.split(".") if section else ():
        table = table.get(part, {})
    if name in table:
        return with_value(text, key, value)
    lines = text.splitlines(keepends=True)
    first, last = _extent(lines, section)
    setting = f"{name} = {_toml(value)}"
    commented = re.compile(rf'#\s*{re.escape(name)}\s*=\s*("[^"]*"|[^#\s]+)(?P<rest>.*)', re.DOTALL)
    for number in range(first, last):
        if (found := commented.fullmatch(lines[number])) is not None:
            lines[number] = setting + found["rest"]
            return "".join(lines)
    anchor = re.compile(rf"\s*{re.escape(below)}\s*=")
    place = next((n for n in range(first, last) if below and anchor.match(lines[n])), first - 1)
    ending = "\r\n" if lines and lines[0].endswith("\r\n") else "\n"
    if place >= 0 and not lines[place].endswith("\n"):
        lines[place] += ending
    lines.insert(place + 1, setting + ending)
    return "".join(lines)


def without(text: str, key: str) -> str:
    """Return TOML in which a dotted key's line, or all lines of a section of that name, are comments.

    Raises UserError where it has neither. The key's value is on one line.
    """
    lines = text.splitlines(keepends=True)
    if _sections(lines, key):
        first, last = _extent(lines, key)
        numbers: Sequence[int] = range(first - 1, last)
    else:
        section, _, name = key.rpartition(".")
        setting = re.compile(rf"\s*{re.escape(name)}\s*=")
        numbers = [n for n in range(*_extent(lines, section)) if setting.match(lines[n])]
    if not numbers:
        raise UserError(
            f"The settings have no line or section `{key}`.", hint="Write it on a line of its own."
        )
    for number in numbers:
        if lines[number].strip() and not lines[number].lstrip().startswith("#"):
            lines[number] = f"# {lines[number]}"
    return "".join(lines)


def _sections(lines: list[str], section: str) -> list[int]:
    return [
        number
        for number, line in enumerate(lines)
        if (found := _HEADER.match(line)) is not None and found[1] is None and found[2] == section
    ]


def _extent(lines: list[str], section: str) -> tuple[int, int]:
    """Return the numbers of the line after a section's header, and of the line after its last."""
    own = _sections(lines, section)
    if section and not own:
        raise UserError(
            f"The settings have no section [{section}].", hint=f"Add the line [{section}] to them."
        )
    start = own[0] + 1 if section else 0
    return start, next((n for n in range(start, len(lines)) if _HEADER.match(lines[n])), len(lines))


def _toml(value: Value | Sequence[str]) -> str:
    return tomlkit.item(value).as_string()


def write_atomically(file: Path, content: bytes) -> None:
    """Replace a file's content as a whole, or create it: a reader finds the old content or the new."""
    target = file.resolve()
    with tempfile.NamedTemporaryFile(dir=target.parent, prefix=f".{target.name}.", delete=False) as draft:
        path = Path(draft.name)
        try:
            draft.write(content)
            draft.flush()
            if target.exists():
                shutil.copymode(target, path)
            else:
                path.chmod(0o644)
            path.replace(target)
        finally:
            path.unlink(missing_ok=True)
