"""A released archive in the settings brings its catalogue's version; comments and layout stay."""

import tomllib

import pytest

from ops.commands.pause import with_archive
from settings.environment import FOLDER

KEY = f"models/{'a' * 64}/blip2-endpoint.tar.gz"


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_archive_brings_its_catalogues_version(name: str) -> None:
    text = (FOLDER / f"{name}.toml").read_text("utf-8")
    changed = with_archive(text, KEY, "0123456789abcdef")
    before, after = text.splitlines(), changed.splitlines()
    differing = [pair for pair in zip(before, after, strict=True) if pair[0] != pair[1]]
    assert [new.partition(" = ")[0] for _, new in differing] == ["artifact", "catalogue_version"]
    model = tomllib.loads(changed)["model"]
    assert (model["artifact"], model["catalogue_version"]) == (KEY, "0123456789abcdef")
    again = tomllib.loads(with_archive(changed, KEY, "f" * 16))["model"]
    assert again == model | {"catalogue_version": "f" * 16}


def test_version_is_added_below_the_archive() -> None:
    text = '[model]\nartifact = "demo" # the model\n\n# [model.schedule]\n\n[llm]\nmodel = "m"\n'
    changed = with_archive(text, KEY, "0123456789abcdef")
    assert changed.splitlines()[1:3] == [
        f'artifact = "{KEY}" # the model',
        'catalogue_version = "0123456789abcdef"',
    ]
