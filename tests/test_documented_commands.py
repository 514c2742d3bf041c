"""The commands of README, CONTRIBUTING and docs: each exists, with the options that it is given there.

`tests/documented_commands.toml` says of each what runs it, or why the tests do not.
"""

import importlib
import re
import shlex
import tomllib
from collections.abc import Iterator
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, NamedTuple

import click
import pytest
from click.testing import CliRunner

from cli.cdk import ROOT
from tests.test_makefile import make, targets

MARKED: dict[str, Any] = tomllib.loads(
    Path(__file__).with_name("documented_commands.toml").read_text("utf-8")
)
DOCUMENTS = (ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md")))
GROUPS = {
    "local": "local.commands:local",
    "model_artifacts.blip2": "model_artifacts.blip2.__main__:commands",
    "model_artifacts.blip2_demo": "model_artifacts.blip2_demo.__main__:commands",
    "model_artifacts.blip2_photo": "model_artifacts.blip2_photo.__main__:commands",
    "ops": "ops.__main__:commands",
    "planning": "planning.__main__:commands",
    "supply_chain": "supply_chain.__main__:commands",
}
"""Module → its commands of click. Of other modules, an option is looked up in the source."""
COMMAND = re.compile(
    r"""(?<![\w./-])(?:make|(?:[\w./-]*bin/)?python3? -m)\s(?:"[^"]*"|'[^']*'|[^\n|;()"'`&])*"""
)


class Command(NamedTuple):
    place: str
    text: str


def lines_of_blocks(text: str) -> Iterator[tuple[int, list[tuple[int, str]]]]:
    """Yield each fenced block as its lines with their numbers; one that ends with a backslash goes on."""
    lines: list[tuple[int, str]] | None = None
    goes_on = False
    for number, line in enumerate(text.splitlines(), 1):
        if line.lstrip().startswith("```"):
            if lines is not None:
                yield number, lines
            lines = [] if lines is None else None
        elif lines is not None:
            if goes_on:
                lines[-1] = (lines[-1][0], f"{lines[-1][1][:-1].rstrip()} {line.strip()}")
            else:
                lines.append((number, line.strip()))
            goes_on = line.endswith("\\")


def commands_of(document: Path) -> Iterator[Command]:
    """Yield the commands of a document's fenced blocks, and of its code within lines."""
    text, name = document.read_text("utf-8"), document.relative_to(ROOT)
    for _, lines in lines_of_blocks(text):
        for number, line in lines:
            # What follows two spaces or # is a remark.
            for found in COMMAND.finditer(re.sub(r"(?<=\S)(?: {2,}|\s#).*", "", line)):
                yield Command(f"{name}:{number}", found[0].strip().removeprefix(".venv/bin/"))
    inline = re.sub(r"^ *```.*?^ *```", lambda block: "\n" * block[0].count("\n"), text, flags=re.S | re.M)
    for span in re.finditer(r"`([^`]+)`", inline):
        if command := COMMAND.match(" ".join(span[1].split())):
            number = inline.count("\n", 0, span.start()) + 1
            yield Command(f"{name}:{number}", command[0].strip().removeprefix(".venv/bin/"))


@cache
def problems(text: str) -> tuple[str, ...]:
    """Return what is wrong with a command: it does not exist, or not with these options."""
    words = [word for word in shlex.split(re.sub(r"[\[\]]", "", text)) if word != "…"]
    found = _of_make(words[1:]) if words[0] == "make" else _of_module(words[2], words[3:])
    return tuple(found)


def _of_make(words: list[str]) -> Iterator[str]:
    for target in (word for word in words if "=" not in word):
        if not any(re.fullmatch(re.escape(target).replace("…", ".*"), known) for known in targets()):
            yield f"the Makefile has no target {target}"
            return
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for variable in (word.partition("=")[0] for word in words if "=" in word):
        if not re.search(rf"\({variable}\)|^export .*\b{variable}\b", makefile, re.MULTILINE):
            yield f"the Makefile reads no variable {variable}"
    if "…" not in words[0]:
        recipe = make("--dry-run", "ENV=dev", *words).stdout
        for found in COMMAND.finditer(recipe):
            if not found[0].startswith("make"):
                yield from (f"{fault} (in its recipe)" for fault in problems(found[0].strip()))


def _of_module(module: str, words: list[str]) -> Iterator[str]:
    options = [word.partition("=")[0] for word in words if word.startswith("--")]
    if module in GROUPS:
        command, rest = _command(module, words)
        if isinstance(command, click.Group) and rest and not rest[0].startswith("-"):
            yield f"python -m {module} has no command {rest[0]}"
            return
        known = {name for option in command.params for name in (*option.opts, *option.secondary_opts)}
        yield from (
            f"{command.name} has no option {option}" for option in options if option not in known | {"--help"}
        )
        if CliRunner().invoke(command, ["--help"]).exit_code:
            yield f"{command.name} --help fails"
        return
    spec = find_spec(module)
    if spec is not None and spec.submodule_search_locations:
        spec = find_spec(f"{module}.__main__")
    if spec is None or spec.origin is None:
        yield f"there is no module {module}"
    elif Path(spec.origin).is_relative_to(ROOT) and "site-packages" not in spec.origin:
        source = Path(spec.origin).read_text("utf-8")
        yield from (f"{module} has no option {option}" for option in options if f'"{option}"' not in source)


def _command(module: str, words: list[str]) -> tuple[click.Command, list[str]]:
    """Return the command of click that the words lead to, and the words after it."""
    where, _, name = GROUPS[module].partition(":")
    command: click.Command = getattr(importlib.import_module(where), name)
    while isinstance(command, click.Group) and words and words[0] in command.commands:
        command, words = command.commands[words[0]], words[1:]
    return command, words


def marked(text: str) -> bool:
    """Whether the list says what runs a command, or what keeps it from running."""
    name = text if text.startswith("make") else text.removeprefix("python -m ")
    marks = (*MARKED["account"], *MARKED["network"], *MARKED["time"], *MARKED["tested"])
    return text in MARKED["here"] or any(
        name.startswith(mark[:-1]) if mark.endswith("…") else f"{name} ".startswith(f"{mark} ")
        for mark in marks
    )


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_documented_commands_exist(document: Path) -> None:
    faults = [
        f"{place}: `{text}`: {fault}" for place, text in commands_of(document) for fault in problems(text)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_documented_commands_run_or_are_marked(document: Path) -> None:
    faults = [
        f"{place}: `{text}`: say in tests/documented_commands.toml what runs it"
        for place, text in commands_of(document)
        if not marked(text)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.name)
def test_programs_of_shell_blocks_are_listed(document: Path) -> None:
    known = re.compile(
        rf"(?:\w+=|\$ |\w+\(\) |make |\S*python |--|{'|'.join(map(re.escape, MARKED['programs']))}\b)"
    )
    faults = [
        f"{document.relative_to(ROOT)}:{number}: {line.split()[0]} is not in tests/documented_commands.toml"
        for _, lines in lines_of_blocks(document.read_text("utf-8"))
        if lines and known.match(lines[0][1]) and not any(line.startswith("$ ") for _, line in lines)
        for number, line in lines
        if line and not line.startswith("#") and not known.match(line)
    ]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("text", MARKED["here"])
def test_quick_command_runs(text: str) -> None:
    words = text.split()
    if words[0] == "make":
        assert make(*words[1:]).returncode == 0
    else:
        command, rest = _command(words[2], words[3:])
        done = CliRunner().invoke(command, rest)
        assert (done.exit_code, done.exception) == (0, None), done.output


def test_tested_commands_name_their_tests() -> None:
    assert [
        folder for folder in MARKED["tested"].values() if not list((ROOT / folder).rglob("test_*.py"))
    ] == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("make depoly ENV=prod", "the Makefile has no target depoly"),
        ("make deploy ENVIRONMENT=prod", "the Makefile reads no variable ENVIRONMENT"),
        ("python -m ops depoly", "python -m ops has no command depoly"),
        ("python -m ops deploy --enviroment prod", "deploy has no option --enviroment"),
        ("python -m benchmarks --fast", "benchmarks has no option --fast"),
        ("python -m opps", "there is no module opps"),
    ],
)
def test_unknown_command_is_named(text: str, fault: str) -> None:
    assert problems(text) == (fault,)


def test_lines_of_commands_are_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    document = tmp_path / "a.md"
    document.write_text(
        "One `make up`.\n\n```\nURL=$(.venv/bin/python -m local \\\n  outputs)  # a remark\n```\n", "utf-8"
    )
    monkeypatch.setattr(f"{__name__}.ROOT", tmp_path)
    assert list(commands_of(document)) == [("a.md:4", "python -m local outputs"), ("a.md:1", "make up")]
