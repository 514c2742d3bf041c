"""Holds log lines against `services/core/log_schema.json`, in the files of processes that have run."""

import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from services.core.log_lines import SCHEMA

# The forms of what tests and drill plant: keys of webhooks, access tokens, users' addresses.
PLANTED = re.compile(r"whsec_[\w+/=]{4}|\beyJ[\w-]{10}|[\w.+-]+@[\w-]+\.[a-z]{2}")


@cache
def _validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(SCHEMA)
    return Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def faults(line: str) -> Iterator[str]:
    """What is wrong with a line: no JSON, not by the schema, a field was left out, a secret is in it."""
    try:
        found: Any = json.loads(line)
    except ValueError:
        yield "not JSON"
        return
    for error in _validator().iter_errors(found):
        yield f"{error.json_path}: {error.message}"
    if isinstance(found, dict) and "dropped" in found:
        yield "a field was left out that the schema does not list"
    if PLANTED.search(line):
        yield "it holds a key, a token or an address"


def offences(lines: Iterable[str]) -> list[str]:
    """The lines that are wrong, each with the reasons."""
    return [f"{line}\n  {'; '.join(wrong)}" for line in lines if (wrong := list(faults(line)))]


def lines_of(log: Path, *, mixed: bool = False) -> list[str]:
    """The whole lines of a process's log; of a `mixed` one, those that a service wrote.

    The last line of a killed process may be cut off, and does not count.
    """
    text = log.read_text("utf-8", errors="replace")
    whole = text[: text.rfind("\n") + 1].splitlines()
    return [line for line in whole if line.startswith('{"time":')] if mixed else whole
