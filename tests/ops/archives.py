"""Archives of a model without weights, as far as the commands read them before the flight check."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any


def pack(path: Path, version: Any, **members: object) -> Path:
    """Write an archive whose catalogue states `version`, with other members as JSON; returns its path."""
    files = {"catalogue.json": {"version": version}, **{f"{name}.json": one for name, one in members.items()}}
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT) as packed:
        for name, document in files.items():
            content = json.dumps(document).encode()
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
    return path
