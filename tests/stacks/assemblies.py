"""Synthesized environments. Each set of settings is synthesized once in a session."""

import atexit
import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from settings.environment import Environment, load_environment
from settings.naming import stack_name
from stacks.checks.nag import add_rules
from stacks.synthesis import synthesize

_FOLDER = Path(tempfile.mkdtemp(prefix="vitrine-assemblies-"))
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)


class Assembly:
    """A synthesized environment: its settings, its folder and its templates as dictionaries."""

    def __init__(self, settings: Environment, folder: Path) -> None:
        self.settings = settings
        self.folder = folder
        # With the rules, so that their report is there too; they change no template.
        self.templates = synthesize(settings, folder, rules=add_rules)

    @property
    def stacks(self) -> set[str]:
        """The stacks that the environment has, as in "gateway"."""
        prefix = stack_name(self.settings.name, "")
        return {file.name.removeprefix(prefix).removesuffix(".template.json") for file in self.templates}

    def template(self, stack: str) -> dict[str, Any]:
        """Return the template of a stack, as in "gateway"."""
        file = self.folder / f"{stack_name(self.settings.name, stack)}.template.json"
        template: dict[str, Any] = json.loads(file.read_text())
        return template

    def resources(self, stack: str, kind: str) -> dict[str, dict[str, Any]]:
        """Return a stack's resources of one type, as in "S3::Bucket", by logical id."""
        found = self.template(stack)["Resources"].items()
        return {name: resource for name, resource in found if resource["Type"] == f"AWS::{kind}"}

    def only(self, stack: str, kind: str) -> dict[str, Any]:
        """Return the properties of a stack's one resource of a type."""
        (resource,) = self.resources(stack, kind).values()
        properties: dict[str, Any] = resource["Properties"]
        return properties

    def every(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """Yield every resource of every stack, with its logical id."""
        for file in self.templates:
            yield from json.loads(file.read_text())["Resources"].items()


@cache
def assembled(settings: Environment) -> Assembly:
    """Return the assembly of these settings."""
    return Assembly(settings, Path(tempfile.mkdtemp(dir=_FOLDER)) / settings.name)


def changed(name: str, **changes: Any) -> Environment:
    """Return the settings of a committed environment with some keys changed, a section's by a mapping."""
    values = load_environment(name).model_dump(mode="json")
    for key, value in changes.items():
        values[key] = {**(values[key] or {}), **value} if isinstance(value, Mapping) else value
    return Environment.model_validate_json(json.dumps(values))
