"""The artifact's manifest: its version, its calibration and the wording of its prompts."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_WEIGHTS = "*.safetensors"


@dataclass(frozen=True)
class Manifest:
    """What `manifest.json` says of a model; a folder without one is uncalibrated."""

    artifact: str
    temperature: Mapping[str, float] = field(default_factory=dict)
    platt: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """For each wear tag (slope, offset): p = sigmoid(slope * (log p(yes) - log p(no)) + offset)."""
    questions: frozenset[str] | None = None
    """The ids of the questions that are answered; None: all (the folder has no vocabulary)."""
    prompt: str = "Question: {} Answer:"
    caption_prompt: str = "a photo of"


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a model folder.

    `artifact` is the version that packaging wrote; without one, the folder's name and its weights' hash.
    """
    stated = _json(folder / "manifest.json") or {}
    vocabulary = _json(folder / "vocabulary.json")
    return Manifest(
        artifact=stated.get("version") or f"{stated.get('name', folder.name)}-{_hash(folder)}",
        temperature=stated.get("temperature", {}),
        platt={
            tag: (float(slope), float(offset)) for tag, (slope, offset) in stated.get("platt", {}).items()
        },
        questions=None if vocabulary is None else frozenset(vocabulary) - {"version"},
    )


def _json(path: Path) -> dict[str, Any] | None:
    return json.loads(path.read_text("utf-8")) if path.exists() else None


def _hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for weights in sorted(folder.glob(_WEIGHTS)):
        with weights.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:12]
