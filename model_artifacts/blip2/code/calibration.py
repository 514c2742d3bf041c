"""What `manifest.json` says: the artifact's version, its prompts, and how scores become probabilities."""

from __future__ import annotations

import hashlib
import json
import math
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from contract import WEAR_TILES

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Scaled = Literal["type", "material", "colour", "pattern"]
SCALED: tuple[Scaled, ...] = ("type", "material", "colour", "pattern")
_CAPTION = "a photo of"
# BLIP-2 was tuned with these prompts.
_QUESTION = {"t5": "Question: {} Short answer:", "opt": "Question: {} Answer:"}
# The service takes no other characters in an artifact's version.
_UNUSUAL = re.compile(r"[^\w .:@/+-]")


@dataclass(frozen=True)
class Scale:
    """The temperature of an answer's probabilities, and the least probability of an answer that is taken."""

    temperature: float = 1.0
    threshold: float = 0.5


@dataclass(frozen=True)
class Calibration:
    """What was measured against labelled photos; `Calibration()` leaves every score as it is."""

    catalogue: str | None = None
    """The version of the catalogue that it was made for."""
    scales: Mapping[Scaled, Scale] = field(default_factory=dict)
    alpha: float = 0.0
    """The share of log p(name | grey picture) that is taken from log p(name) to rank the kinds."""
    platt: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    """For each wear tag (slope, offset): p = sigmoid(slope * (log p(yes) - log p(no)) + offset)."""

    wear_tiles: int = 0
    """The tiles that wear was asked of for these lines: 0 or 4."""

    def scale(self, question: Scaled) -> Scale:
        """The temperature and threshold of a question; (1, 0.5) where none was measured."""
        return self.scales.get(question, Scale())

    def line(self, tag: str) -> tuple[float, float]:
        """The slope and offset of a wear tag; (1, 0) where none was measured."""
        return self.platt.get(tag, (1.0, 0.0))

    def of_catalogue(self, version: str) -> Calibration:
        """This calibration, or none if it was made for another catalogue."""
        return self if self.catalogue == version else Calibration()


@dataclass(frozen=True)
class Manifest:
    """What `manifest.json` and `priors.json` say of a model; a folder without them is uncalibrated."""

    artifact: str
    """The version that packaging wrote; without one, the folder's name and its weights' hash."""
    calibration: Calibration = field(default_factory=Calibration)
    question_prompt: str = _QUESTION["opt"]
    caption_prompt: str = _CAPTION
    priors: Mapping[str, float] = field(default_factory=dict)
    """For each name log p given a grey picture; only a calibration with an alpha needs them."""


def read_manifest(folder: Path) -> Manifest:
    """The manifest of a model's folder. Raises ValueError, which names the file and the field."""
    path = folder / "manifest.json"
    stated = _json(path)
    prompts = _object(path, "prompts", stated.get("prompts", {}))
    text = _json(folder / "config.json").get("text_config")
    family = str(text.get("model_type")) if isinstance(text, dict) else ""
    question = prompts.get("question", _QUESTION.get(family, _QUESTION["opt"]))
    if not isinstance(question, str) or question.count("{}") != 1:
        raise _wrong(path, "prompts.question", question, "a text that holds {} once")
    caption = prompts.get("caption", _CAPTION)
    if not isinstance(caption, str) or not caption:
        raise _wrong(path, "prompts.caption", caption, "a text")
    calibration = read_calibration(folder)
    artifact = stated.get("version") or f"{stated.get('name', folder.name)}-{_hash(folder)}"
    return Manifest(
        artifact=_UNUSUAL.sub("-", str(artifact)),
        calibration=calibration,
        question_prompt=question,
        caption_prompt=caption,
        priors=_priors(folder, calibration) if calibration.alpha else {},
    )


def read_calibration(folder: Path) -> Calibration:
    """The calibration that a folder's manifest states. Raises ValueError, which names the field."""
    path = folder / "manifest.json"
    manifest = _json(path)
    if "calibration" not in manifest:
        return Calibration()
    stated = manifest["calibration"]
    if not isinstance(stated, dict) or not isinstance(stated.get("catalogue"), str):
        raise _wrong(path, "calibration", stated, "an object with the catalogue's version")
    scales: dict[Scaled, Scale] = {}
    for question in SCALED:
        if question in stated:
            measured = _object(path, f"calibration.{question}", stated[question])
            temperature, threshold = (
                _number(path, f"calibration.{question}.{key}", measured.get(key))
                for key in ("temperature", "threshold")
            )
            if temperature <= 0:
                raise _wrong(path, f"calibration.{question}.temperature", temperature, "more than 0")
            if not 0 <= threshold <= 1:
                raise _wrong(path, f"calibration.{question}.threshold", threshold, "from 0 to 1")
            scales[question] = Scale(temperature, threshold)
    platt = {}
    for tag, line in _object(path, "calibration.wear", stated.get("wear", {})).items():
        if not isinstance(line, list) or len(line) != 2:
            raise _wrong(path, f"calibration.wear.{tag}", line, "a slope and an offset")
        slope, offset = (_number(path, f"calibration.wear.{tag}", value) for value in line)
        platt[tag] = (slope, offset)
    tiles = stated.get("wear_tiles", 0)
    if tiles not in WEAR_TILES:
        raise _wrong(path, "calibration.wear_tiles", tiles, "0 or 4")
    alpha = _number(path, "calibration.type.alpha", stated.get("type", {}).get("alpha", 0.0))
    if not 0 <= alpha <= 1:
        raise _wrong(path, "calibration.type.alpha", alpha, "from 0 to 1")
    return Calibration(stated["catalogue"], scales, alpha, platt, tiles)


def _priors(folder: Path, calibration: Calibration) -> dict[str, float]:
    path = folder / "priors.json"
    stated = _json(path)
    if stated.get("catalogue") != calibration.catalogue:
        raise ValueError(
            f"{path}: is not of the calibration's catalogue {calibration.catalogue}, "
            f"but of {stated.get('catalogue')}: run `calibrate` again, which writes both"
        )
    log_p = _object(path, "log_p", stated.get("log_p"))
    return {name: _number(path, f"log_p.{name}", value) for name, value in log_p.items()}


def _object(path: Path, key: str, value: object) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _wrong(path, key, value, "an object")
    return value


def _number(path: Path, key: str, value: object) -> float:
    if not isinstance(value, (int, float)) or isinstance(value, bool) or not math.isfinite(value):
        raise _wrong(path, key, value, "a number")
    return float(value)


def _wrong(path: Path, key: str, value: object, allowed: str) -> ValueError:
    return ValueError(f"{path}: {key}: must be {allowed}, not {str(value)[:80]!r}")


def _json(path: Path) -> dict[str, Any]:
    try:
        stated = json.loads(path.read_text("utf-8")) if path.exists() else {}
    except ValueError as error:
        raise ValueError(f"{path}: must be a JSON object: {error}") from error
    if not isinstance(stated, dict):
        raise ValueError(f"{path}: must be a JSON object, not {type(stated).__name__}")
    return stated


def _hash(folder: Path) -> str:
    digest = hashlib.sha256()
    for weights in sorted(folder.glob("*.safetensors")):
        with weights.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()[:12]
