"""environments/local.toml with the addresses of this run."""

import re
from collections.abc import Mapping, Set
from pathlib import Path

from cli.errors import UserError
from local.home import REPOSITORY, Home
from local.supervisor.mode import Mode

_HEADER = re.compile(r"\s*\[([^\[\]]+)\]")
SOURCE = REPOSITORY / "environments" / "local.toml"


def render(home: Home, ports: Mapping[str, int], mode: Mode = "realtime") -> Path:
    """Write the environment that this run deploys, and return its path.

    In realtime mode no webhook goes either way: Supabase's parts are not there. The file is written only when
    something in it changed. Raise LocalError when there is nothing to make it from.
    """
    try:
        source = SOURCE.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(
            f"{SOURCE} cannot be read: {error}.", hint=f"Put it back: `git checkout {SOURCE}`."
        ) from error
    addresses = {
        ("", "upstream_url"): f"http://127.0.0.1:{ports['service']}",
        ("supabase", "url"): f"http://127.0.0.1:{ports['identity']}",
        ("llm", "base_url"): f"http://127.0.0.1:{ports['llm']}/v1",
        ("model", "mode"): mode,
    }
    if mode == "async":
        addresses["webhook", "url"] = f"http://127.0.0.1:{ports['edge']}/functions/v1/report-ready"
    else:
        source = without(source, {"webhook", "hooks"})
    text = replace(source, addresses)
    if not home.environment.is_file() or home.environment.read_text("utf-8") != text:
        home.environment.write_text(text, "utf-8")
    return home.environment


def without(text: str, sections: Set[str]) -> str:
    """Return TOML without these sections."""
    lines, kept = [], True
    for line in text.splitlines(keepends=True):
        if header := _HEADER.match(line):
            kept = header[1].strip() not in sections
        if kept:
            lines.append(line)
    return "".join(lines)


def replace(text: str, values: Mapping[tuple[str, str], str]) -> str:
    """Return TOML with the strings at (section, key) replaced; comments and order stay.

    Raise LocalError for a key that is not there: a setting that `up` fills in must be visible in the file.
    """
    section, lines, missing = "", [], dict(values)
    for line in text.splitlines(keepends=True):
        if header := _HEADER.match(line):
            section = header[1].strip()
        if (pair := re.match(r"(\s*([\w-]+)\s*=\s*)(\"[^\"]*\"|'[^']*')", line)) and (
            section,
            pair[2],
        ) in missing:
            line = f'{pair[1]}"{missing.pop((section, pair[2]))}"{line[pair.end() :]}'
        lines.append(line)
    for section, key in missing:
        raise UserError(
            f"environments/local.toml has no string at {f'[{section}] ' if section else ''}{key}.",
            hint="Put the setting back; `python -m local up` replaces its value by the address of this run.",
        )
    return "".join(lines)
