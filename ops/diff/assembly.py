"""The assemblies of a folder of `cdk.out`: templates, settings and the assets that the templates name."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cli.errors import UserError
from settings.naming import SETTINGS_FILE, stack_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

Template = dict[str, Any]
TEMPLATE, ASSETS, MANIFEST = ".template.json", ".assets.json", "manifest.json"
_AGAIN = "Synthesize it again: `make synth` writes cdk.out."


@dataclass(frozen=True)
class Asset:
    """What the CDK uploads for a stack; templates name it by `digest`, the hash of its content."""

    kind: str  # "code" or "image"
    name: str
    digest: str


@dataclass(frozen=True)
class Stack:
    """One stack of an assembly; it is deployed after those that it `depends` on, by their names."""

    template: Template
    assets: tuple[Asset, ...] = ()
    depends: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Assembly:
    """One environment as a synthesis wrote it; the stacks are those with a template, as in "gateway".

    `settings` are as the file has them: another commit's may have other keys than today's.
    """

    environment: str
    settings: Mapping[str, Any]
    stacks: Mapping[str, Stack]


def read_assemblies(folder: Path) -> dict[str, Assembly]:
    """Return the assemblies that deploy into an account, by the environment's name.

    `folder` is the assembly of one environment, or holds a folder of each. Raises UserError where it does
    not, or where a file of an assembly cannot be read.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: there is no such folder.", hint="`make synth` writes cdk.out.")
    found = [one for one in (folder, *sorted(folder.iterdir())) if one.is_dir() and any(_templates(one))]
    if not found:
        raise UserError(
            f"{folder}: it holds no assembly of the CDK.",
            hint="Name the folder of one environment, as in cdk.out/prod, or that of several, as in cdk.out.",
        )
    assemblies = [_read(one) for one in found]
    return {one.environment: one for one in assemblies if one.settings.get("target") == "aws"}


def _templates(folder: Path) -> Iterator[Path]:
    return iter(sorted(folder.glob(f"*{TEMPLATE}")))


def _read(folder: Path) -> Assembly:
    settings = _json(folder / SETTINGS_FILE)
    name = settings.get("name")
    if not isinstance(name, str) or "target" not in settings:
        raise UserError(f"{folder / SETTINGS_FILE}: it names no environment and target.", hint=_AGAIN)
    return Assembly(name, settings, dict(_stacks(folder, name)))


def _stacks(folder: Path, environment: str) -> Iterator[tuple[str, Stack]]:
    prefix, manifest = stack_name(environment, ""), folder / MANIFEST
    artifacts = _json(manifest).get("artifacts", {}) if manifest.is_file() else {}
    for file in _templates(folder):
        whole = file.name.removesuffix(TEMPLATE)
        template = _json(file)
        if not all(isinstance(one, dict) and "Type" in one for one in _section(file, template).values()):
            raise UserError(f"{file}: a resource has no type.", hint=_AGAIN)
        listed = file.with_name(f"{whole}{ASSETS}")
        assets = tuple(_assets(_json(listed))) if listed.is_file() else ()
        depends = artifacts.get(whole, {}).get("dependencies", ())
        stacks = frozenset(one.removeprefix(prefix) for one in depends if not f"{one}.json".endswith(ASSETS))
        yield whole.removeprefix(prefix), Stack(template, assets, stacks)


def _section(file: Path, template: Template) -> dict[str, Any]:
    resources = template.get("Resources", {})
    if not isinstance(resources, dict):
        raise UserError(f"{file}: Resources is no object.", hint=_AGAIN)
    return resources


def _assets(listed: Mapping[str, Any]) -> Iterator[Asset]:
    for section, kind in (("files", "code"), ("dockerImages", "image")):
        for digest, one in listed.get(section, {}).items():
            # The stack's own template is listed too.
            if not str(one.get("source", {}).get("path", "")).endswith(TEMPLATE):
                yield Asset(kind, str(one.get("displayName", digest)).removesuffix("/Code"), digest)


def _json(file: Path) -> dict[str, Any]:
    try:
        value = json.loads(file.read_text("utf-8"))
    except FileNotFoundError as error:
        raise UserError(f"{file}: there is no such file.", hint=_AGAIN) from error
    except (OSError, ValueError) as error:
        raise UserError(f"{file}: it cannot be read: {error}.", hint=_AGAIN) from error
    if not isinstance(value, dict):
        raise UserError(f"{file}: it is no JSON object.", hint=_AGAIN)
    return value
