"""Compares a model's files with its config: by their headers before loading, and its words after.

transformers fills a weight that the files lack with random numbers and only warns, and it ties T5's output
to the embeddings whatever the config says.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import torch
from model_error import UnfitModelError
from safetensors import safe_open
from transformers import __version__ as transformers_version

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

_INDEX = "model.safetensors.index.json"
# Buffers that older versions of transformers wrote, and a weight of T5's that no version reads.
_LEFT_OVER = re.compile(r"position_ids$|EncDecAttention\.relative_attention_bias\.weight$")
_WORDS = re.compile(r"\b(embed_tokens|shared|lm_head)\.weight$")
_LISTED = 3


def check_weights(folder: Path, config: Any, architecture: Any) -> None:
    """Raise UnfitModelError unless the files hold the weights of the class and config, by names and shapes.

    Reads the files' headers only.
    """
    there = _headers(folder)
    with torch.device("meta"):
        blip: Any = architecture(config)
    needed = {name: tuple(one.shape) for name, one in blip.state_dict().items()}
    same = blip.get_expanded_tied_weights_keys(all_submodels=True)
    groups = [{source, *(one for one in same if same[one] == source)} for source in set(same.values())]
    if _has_own_head(folder):
        groups = [{one for one in group if not one.endswith("lm_head.weight")} for group in groups]
    tied = {name: group for group in groups for name in group}
    missing = [name for name in needed if not tied.get(name, {name}) & there.keys()]
    left_over = [name for name in there if name not in needed and not _LEFT_OVER.search(name)]
    shapes = [
        f"{name} is {there[name]} and the config's {shape}"
        for name, shape in needed.items()
        if there.get(name, shape) != shape
    ]
    for problem, names in (("lack", missing), ("also hold", left_over), ("do not fit the config:", shapes)):
        if names:
            raise UnfitModelError(
                f"{folder}: its weights {problem} {_first(names)}; take config.json and all *.safetensors of "
                "one revision"
            )


def _headers(folder: Path) -> dict[str, tuple[int, ...]]:
    found: dict[str, tuple[int, ...]] = {}
    try:
        for shard in _shards(folder):
            with safe_open(folder / shard, "pt") as file:
                found |= {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
    except Exception as error:  # safetensors raises a type of its own
        raise UnfitModelError(f"{folder}: its weights cannot be read: {error}; fetch them again") from error
    return found


def _shards(folder: Path) -> list[str]:
    index = folder / _INDEX
    if not index.exists():
        return ["model.safetensors"]
    return sorted(set(json.loads(index.read_text("utf-8"))["weight_map"].values()))


def _has_own_head(folder: Path) -> bool:
    # Read from the file: transformers reads `false` as a rule for scaling, and ties nevertheless.
    text = json.loads((folder / "config.json").read_text("utf-8")).get("text_config", {})
    return text.get("model_type") == "t5" and text.get("tie_word_embeddings") is False


def check_words(folder: Path, blip: Any) -> None:
    """Raise UnfitModelError unless the loaded embeddings and output are those of the files.

    transformers decides for itself which of them it ties.
    """
    state = blip.state_dict()
    for shard in _shards(folder):
        with safe_open(folder / shard, "pt") as file:
            for name in (one for one in file.keys() if _WORDS.search(one)):  # noqa: SIM118
                if not torch.equal(state[name].cpu(), file.get_tensor(name).to(state[name].dtype)):
                    raise UnfitModelError(
                        f"{folder / shard}: {name} is not what transformers {transformers_version} makes of "
                        "it: use the version of code/requirements.txt"
                    )


def _first(names: Iterable[str]) -> str:
    listed = list(names)
    more = f" and {len(listed) - _LISTED} more" if len(listed) > _LISTED else ""
    return ", ".join(listed[:_LISTED]) + more
