"""Assemblies of the CDK, read from their folders: the templates of an environment and its settings."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from planning.errors import PlanningError
from settings.environment import Environment
from settings.naming import SETTINGS_FILE

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

TEMPLATES = "*.template.json"


@dataclass(frozen=True)
class Assembly:
    """The settings and templates of one environment, as a synthesis wrote them.

    `note` says which settings the folder does not state in today's form.
    """

    settings: Environment
    templates: tuple[Mapping[str, Any], ...]
    note: str = ""


def read_assemblies(folder: Path, like: Mapping[str, Environment] | None = None) -> dict[str, Assembly]:
    """Return the assemblies of AWS in a folder of one or in its folders, by the environment's name.

    Settings that another commit wrote may have other keys: they are then filled up from the settings of the
    same name in `like`. Raises PlanningError if there is no assembly, or no settings that can be read.
    """
    found = [one for one in (folder, *sorted(folder.iterdir())) if one.is_dir() and any(one.glob(TEMPLATES))]
    if not found:
        raise PlanningError(
            f"{folder}: it holds no assembly of the CDK.",
            hint="`make synth` writes one for each environment into cdk.out.",
        )
    assemblies = [_read(one, like or {}) for one in found]
    return {one.settings.name: one for one in assemblies if one.settings.target == "aws"}


def _read(folder: Path, like: Mapping[str, Environment]) -> Assembly:
    file = folder / SETTINGS_FILE
    try:
        values = json.loads(file.read_text("utf-8"))
        templates = [json.loads(one.read_text("utf-8")) for one in sorted(folder.glob(TEMPLATES))]
        declared = tuple(one for one in templates if one.get("Resources"))
    except FileNotFoundError as error:
        raise PlanningError(
            f"{file}: there is no such file; it holds the settings of the templates beside it.",
            hint="Synthesize again: the app writes it since it compares costs.",
        ) from error
    except (OSError, ValueError, AttributeError) as error:
        raise PlanningError(
            f"{folder}: a file of the assembly cannot be read: {error}", hint="Synthesize it again."
        ) from error
    try:
        return Assembly(_settings(values), declared)
    except ValidationError as error:
        if (today := like.get(str(values.get("name")))) is None:
            raise _refused(file, error) from error
    filled, keys = _filled(values, today.model_dump(mode="json"))
    try:
        note = f"{file} has settings of another form: {', '.join(keys)} as in the new ones"
        return Assembly(_settings(filled), declared, note)
    except ValidationError as error:
        raise _refused(file, error) from error


def _settings(values: Mapping[str, Any]) -> Environment:
    # JSON has no dates, times and tuples.
    return Environment.model_validate(values, strict=False)


def _filled(values: Mapping[str, Any], today: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """Return settings with the keys of today's, and the dotted names of those that were added or left out."""

    def merged(old: Mapping[str, Any], new: Mapping[str, Any], within: str) -> Iterator[tuple[str, Any]]:
        for key in old.keys() | new.keys():
            if key not in old or key not in new:
                keys.append(f"{within}{key}")
            if key in new:
                both = isinstance(old.get(key), dict) and isinstance(new[key], dict)
                inner = (
                    dict(merged(old[key], new[key], f"{within}{key}.")) if both else old.get(key, new[key])
                )
                yield key, inner

    keys: list[str] = []
    return dict(merged(values, today, "")), sorted(keys)


def _refused(file: Path, error: ValidationError) -> PlanningError:
    first = error.errors()[0]
    key = ".".join(str(part) for part in first["loc"])
    return PlanningError(
        f"{file}: {key}: {first['msg']}.",
        hint="Its settings are not those of this commit: synthesize it again.",
    )
