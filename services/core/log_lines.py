"""Formats a log record as one JSON line that holds what `log_schema.json` lists, and nothing else.

What is allowed is listed, since secrets cannot be recognised by their form. Of an exception a line has types
and places, of another library's record the template: texts that quote values are left out.
"""

import json
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any

from pythonjsonlogger.core import RESERVED_ATTRS
from pythonjsonlogger.json import JsonFormatter

from services.core.metrics import embedded

SCHEMA: dict[str, Any] = json.loads(Path(__file__).with_name("log_schema.json").read_text("utf-8"))
_PROPERTIES: dict[str, dict[str, Any]] = SCHEMA["properties"]
_LONGEST = {name: rule["maxLength"] for name, rule in _PROPERTIES.items() if "maxLength" in rule}
_LEVELS = frozenset(_PROPERTIES["level"]["enum"])
_MOST_FRAMES = _PROPERTIES["stack"]["maxItems"]
_LONGEST_FRAME = _PROPERTIES["stack"]["items"]["maxLength"]
# Fields of an `extra` that are not fields of a line as they are.
_METRICS = "metrics"
_RESERVED = frozenset({*RESERVED_ATTRS, "taskName", _METRICS})
_OURS = "services"
# Libraries whose texts without a template are constant words, with values in quotes or brackets at most.
_CONSTANT = ("uvicorn", "asyncio")
_VALUE = re.compile(r"""['"<(\[{=:]""")
# Returns the fields of the request or message that is being worked on, if any.
Context = Callable[[], Mapping[str, Any] | None]


class LineFormatter(JsonFormatter):
    """Formats records with the `static` fields of the process, under the context that `context` returns."""

    def __init__(self, static: Mapping[str, str], context: Context) -> None:
        super().__init__()
        self._static = dict(static)
        self._context = context

    def add_fields(
        self, log_data: dict[str, Any], record: logging.LogRecord, message_dict: dict[str, Any]
    ) -> None:
        """Fill `log_data` with the record's fields."""
        ours = record.name.partition(".")[0] == _OURS
        log_data["time"] = datetime.fromtimestamp(record.created, UTC)
        # A library may have levels of its own.
        log_data["level"] = record.levelname if record.levelname in _LEVELS else "INFO"
        log_data["logger"] = record.name
        log_data.update(self._static)
        log_data["message"] = record.message if ours else _template(record)
        if context := self._context():
            log_data.update(context)
        if record.exc_info and (error := record.exc_info[1]) is not None:
            log_data["error"] = type(error).__name__
            log_data["stack"] = stack_of(error)
        given = record.__dict__
        dropped = 0
        for name, value in given.items():
            if name in _RESERVED or value is None:
                continue
            if name in _PROPERTIES:
                log_data[name] = value
            elif ours:
                dropped += 1
        if dropped:
            log_data["dropped"] = dropped
        if values := given.get(_METRICS):
            log_data.update(embedded(values, int(record.created * 1000)))
        for name, value in log_data.items():
            if isinstance(value, str) and len(value) > _LONGEST.get(name, len(value)):
                log_data[name] = value[: _LONGEST[name]]

    def formatException(self, ei: object) -> str:  # noqa: N802 - logging's own name
        """Return no text: an exception's message and source lines may hold values."""
        return ""

    def formatStack(self, stack_info: str) -> str:  # noqa: N802 - logging's own name
        """Return no text, as for exceptions."""
        return ""


def stack_of(error: BaseException) -> list[str]:
    """Name where `error` and what caused it were raised: each type, then its places from the outside in."""
    return [line[:_LONGEST_FRAME] for line in islice(_places(error, set()), _MOST_FRAMES)]


def _places(error: BaseException | None, seen: set[int]) -> Iterator[str]:
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield type(error).__name__
        yield from _frames(error.__traceback__)
        if isinstance(error, BaseExceptionGroup):
            for each in error.exceptions:
                yield from _places(each, seen)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)


def _frames(at: TracebackType | None) -> Iterator[str]:
    while at is not None:
        code = at.tb_frame.f_code
        yield f"{_short(code.co_filename)}:{at.tb_lineno} {code.co_qualname}"
        at = at.tb_next


def _short(file: str) -> str:
    for root, kept in (("/site-packages/", ""), ("/services/", "services/")):
        if root in file:
            return kept + file.rpartition(root)[2]
    return "/".join(file.rsplit("/", 2)[-2:])


def _template(record: logging.LogRecord) -> str:
    """What another library says, without the values in it; of a text without a template, its place."""
    if record.name == "py.warnings":
        # "file:line: Category: text"
        place, _, rest = record.getMessage().partition(": ")
        return f"{_short(place)} {rest.partition(':')[0]}"
    text = str(record.msg).strip().partition("\n")[0]
    if record.args and text != "%s":
        return text
    if record.name.partition(".")[0] in _CONSTANT:
        # Up to where a value may begin.
        return _VALUE.split(text, maxsplit=1)[0].strip() or "(no text)"
    return f"{_short(record.pathname)}:{record.lineno}"
