"""What the model calls a grey picture: log p of each name without anything to see.

A model says frequent words more often than it sees the things. `alpha` takes a share of these numbers from
log p of each name, by which the kinds are ranked.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FILE = "priors.json"
GREY = Image.new("RGB", (224, 224), (127, 127, 127))
# The names that are scored together: bounds the memory.
_TOGETHER = 100


def grey_log_p(model: Any) -> NDArray[np.float64]:
    """Log p of each name of the model's tree after the type question about a grey picture: (names,)."""
    from scoring import PhotoPrompt

    paths = [list(path) for path in model.catalogue.tree.paths]
    features = model.scorer.encode([GREY])
    parts = [
        model.scorer.score_prompts(
            features, [PhotoPrompt(0, type_prompt(model), paths[start : start + _TOGETHER])]
        )[0]
        for start in range(0, len(paths), _TOGETHER)
    ]
    # As the file states them, so that a run that reads the file ranks alike.
    return np.concatenate([part.double().cpu().numpy() for part in parts]).round(4)


def type_prompt(model: Any) -> str:
    """The prompt of the type question."""
    return str(model.manifest.question_prompt.format(model.catalogue.questions["type"]))


def document(model: Any, log_p: NDArray[np.float64]) -> dict[str, Any]:
    """The content of `priors.json`."""
    named = zip(model.catalogue.tree.names, log_p.tolist(), strict=True)
    return {
        "catalogue": model.catalogue.version,
        "log_p": dict(named),
    }


def read(file: Path, model: Any) -> NDArray[np.float64] | None:
    """The numbers that an earlier run wrote for this tree; None if there are none."""
    try:
        stated = json.loads(file.read_text("utf-8"))
        return np.array([stated["log_p"][name] for name in model.catalogue.tree.names], dtype=float)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def write(file: Path, stated: dict[str, Any]) -> None:
    """Write `priors.json`, whole or not at all."""
    part = file.with_suffix(".part")
    part.write_text(f"{json.dumps(stated, indent=1, ensure_ascii=False)}\n", "utf-8")
    part.replace(file)
