"""The artifact's manifest: its name, how it was calibrated, and the wording of its prompts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_WEIGHTS = "*.safetensors"


@dataclass(frozen=True)
class Manifest:
    """What a folder of weights says about itself; a folder without a manifest is uncalibrated."""

    artifact: str
    temperature: Mapping[str, float] = field(default_factory=dict)
    platt: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """For each wear tag (slope, offset): p = sigmoid(slope * (log p(yes) - log p(no)) + offset)."""
    prompt: str = "Question: {} Answer:"
    caption_prompt: str = "a photo of"


def read(folder: Path) -> Manifest:
    """The manifest of a model folder, its artifact named after the hash of its weights."""
    path = folder / "manifest.json"
    stated = json.loads(path.read_text("utf-8")) if path.exists() else {}
    digest = hashlib.sha256()
    for weights in sorted(folder.glob(_WEIGHTS)):
        with weights.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return Manifest(
        artifact=f"{stated.get('name', folder.name)}-{digest.hexdigest()[:12]}",
        temperature=stated.get("temperature", {}),
        platt={
            tag: (float(slope), float(offset)) for tag, (slope, offset) in stated.get("platt", {}).items()
        },
    )
