"""Archives of a model without weights, as far as the commands read them before the flight check."""

import io
import json
import tarfile
from pathlib import Path
from typing import Any


def pack(path: Path, version: Any, manifest: Any = None, weights: bytes = b"") -> Path:
    """Write an archive whose catalogue states `version`; returns its path."""
    documents = {"catalogue.json": {"version": version}, "manifest.json": manifest}
    files = {name: json.dumps(document).encode() for name, document in documents.items()}
    with tarfile.open(path, "w:gz", format=tarfile.GNU_FORMAT) as packed:
        for name, content in (files | {"model.safetensors": weights}).items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            packed.addfile(entry, io.BytesIO(content))
    return path
