"""The synthesized environments that deploy, and copies of them with changes."""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ops.diff.assembly import Assembly, Stack, read_assemblies
from settings.environment import load_environment

Change = Callable[[dict[str, dict[str, Any]]], object]


@pytest.fixture(scope="session")
def synthesized(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as `make synth` writes it, with dev, prod and one that the emulator gets."""
    from stacks.app import synthesize

    folder = tmp_path_factory.mktemp("cdk.out")
    for name in ("dev", "prod"):
        synthesize(load_environment(name), folder / name, notices=False)
    local = folder / "local"
    local.mkdir()
    (local / "settings.json").write_text(load_environment("local").model_dump_json())
    (local / "vitrine-local-storage.template.json").write_text("{}")
    return folder


@pytest.fixture(scope="session")
def prod(synthesized: Path) -> Assembly:
    return read_assemblies(synthesized)["prod"]


def altered(assembly: Assembly, change: Change, *, name: str = "prod") -> Assembly:
    """Return an environment whose templates, by stack, are as `change` leaves copies of them."""
    templates = {stack: deepcopy(one.template) for stack, one in assembly.stacks.items()}
    change(templates)
    stacks = {
        stack: replace(assembly.stacks.get(stack, Stack({})), template=one)
        for stack, one in templates.items()
    }
    return replace(assembly, environment=name, stacks=stacks)
