"""The message for a wrong setting: file, key, value and the allowed values."""

import difflib
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from settings.secret_values import HIDDEN


class SettingsError(ValueError):
    """An environment is unreadable or holds a wrong value; the message names file, key and allowed values."""


def explain(error: ValidationError, model: type[BaseModel], file: str) -> str:
    """Return one line per wrong key of `file`; `model` is the type that its values were read into."""
    return "\n".join(_line(problem, model, file) for problem in error.errors(include_url=False))


def _line(problem: ErrorDetails, model: type[BaseModel], file: str) -> str:
    key = _dotted(problem["loc"])
    if problem["type"] == "extra_forbidden":
        return f"{file}: {key}: is not a key; {_nearest(problem['loc'], model)}"
    if problem["type"] == "missing":
        return f"{file}: {key}: is missing"
    allowed = problem["msg"].removeprefix("Value error, ").replace("Input should be", "", 1).strip()
    if isinstance(problem["input"], dict | BaseModel) or problem["type"] == HIDDEN:
        return f"{file}: {key}: allowed: {allowed}" if key else f"{file}: allowed: {allowed}"
    return f"{file}: {key} = {problem['input']!r}: allowed: {allowed}"


def _dotted(loc: tuple[int | str, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in loc).removeprefix(".")


def _nearest(loc: tuple[int | str, ...], model: type[BaseModel]) -> str:
    section = model
    for part in loc[:-1]:
        section = _section(section.model_fields[str(part)].annotation)
    keys = [key for key in section.model_fields if not (section is model and key == "name")]
    near = difflib.get_close_matches(str(loc[-1]), keys, n=1)
    return f"did you mean {near[0]}?" if near else f"allowed: {', '.join(sorted(keys))}"


def _section(annotation: Any) -> type[BaseModel]:
    options = (annotation, *get_args(annotation))
    return next(option for option in options if isinstance(option, type) and issubclass(option, BaseModel))
