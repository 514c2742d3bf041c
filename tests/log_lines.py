"""Holds log lines against `services/core/log_schema.json`: each line, in a test's process or in a file."""

import json
import logging
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

from services.core.log_lines import SCHEMA, LineFormatter
from services.core.telemetry import log_context

_STATIC = {"service": "tests", "environment": "tests", "version": "none"}


@cache
def validator() -> Draft202012Validator:
    Draft202012Validator.check_schema(SCHEMA)
    return Draft202012Validator(SCHEMA, format_checker=Draft202012Validator.FORMAT_CHECKER)


def faults(line: str) -> Iterator[str]:
    """What is wrong with a line: it is no JSON, not valid by the schema, or a field of it was left out."""
    try:
        found: Any = json.loads(line)
    except ValueError:
        yield "not JSON"
        return
    for error in validator().iter_errors(found):
        yield f"{error.json_path}: {error.message}"
    if isinstance(found, dict) and "dropped" in found:
        yield "a field was left out that the schema does not list"


def offences(lines: Iterable[str]) -> list[str]:
    """The lines that are wrong, each with the reasons."""
    return [f"{line}\n  {'; '.join(wrong)}" for line in lines if (wrong := list(faults(line)))]


def of_file(file: Path, *, mixed: bool = False) -> list[str]:
    """The lines of a process's log; of a `mixed` one, those that a service of ours wrote."""
    lines = file.read_text("utf-8", errors="replace").splitlines()
    return [line for line in lines if line.startswith('{"time":')] if mixed else lines


class LinesOfTests(logging.Handler):
    """Formats what the services log in this process, and keeps the lines that are wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.setFormatter(LineFormatter(_STATIC, log_context.get))
        self.wrong: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        try:
            line = self.format(record)
        except Exception as error:
            self.wrong.append(f"{record.msg}: cannot be formatted: {error!r}")
            return
        self.wrong += offences([line])
