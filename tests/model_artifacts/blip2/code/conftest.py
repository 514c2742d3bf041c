from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, get_args

import pytest
import torch

from benchmarks.model.compare import scorer_of
from benchmarks.model.random_blip2 import MINIATURE, Family
from benchmarks.model.random_photos import noise

if TYPE_CHECKING:
    from PIL import Image

VERSION = "0123456789abcdef"
# The random models' tokenizer knows few words, and their answers mean nothing.
KINDS = {
    "kitchen": {"mug": ["mug", "blue mug"], "bottle": ["bottle"], "vase": ["vase", "glass vase", "a vase"]},
    "living": {"chair": ["chair", "wood chair"], "table": ["table"], "lamp": ["lamp"], "clock": ["clock"]},
    "paper": {"book": ["book", "a paper book"], "bag": ["bag"]},
}
MATERIALS = {
    "ceramic": ["ceramic"],
    "glass": ["glass", "a glass"],
    "wood": ["wood"],
    "metal": ["metal"],
    "paper": ["paper", "leather"],
}
DEPARTMENTS = {
    "kitchen": {"materials": ["ceramic", "glass"], "wear": ["chip", "crack"]},
    "living": {"materials": ["wood", "metal", "glass"], "wear": ["scratch", "dent", "crack"]},
    "paper": {"materials": ["paper", "ceramic"], "wear": ["tear", "stain"]},
}
ALL = tuple(DEPARTMENTS)
QUESTIONS = ("type", "material", "colour", "pattern", "wear")


@pytest.fixture(scope="session", params=get_args(Family))
def random_model(inference: Any, request: pytest.FixtureRequest) -> Any:
    """A model of each family with random weights, and a catalogue of three departments."""
    from artifact_catalogue import catalogue_of
    from calibration import Manifest

    torch.set_num_threads(1)
    scorer = scorer_of(request.param, MINIATURE)
    scorer.captions = partial(scorer.captions, most_tokens=3)  # random weights would say thirty tokens
    kinds = {kind: names for of_one in KINDS.values() for kind, names in of_one.items()}
    tags = dict.fromkeys(tag for own in DEPARTMENTS.values() for tag in own["wear"])
    document = {
        "version": VERSION,
        "questions": {
            "type": "what is this ?",
            "material": "what is it made of ?",
            "colour": "what is on it ?",
            "pattern": "is there any item ?",
        },
        "tree": scorer.name_tree(kinds).document(),
        "departments": {name: {"kinds": list(KINDS[name]), **own} for name, own in DEPARTMENTS.items()},
        "materials": MATERIALS,
        "colours": {"blue": ["blue", "a blue item"], "plain": ["glass"], "dark": ["metal chip"]},
        "patterns": {"dots": ["dent"], "lines": ["crack", "scratch"]},
        "wear": {tag: f"is there a {tag} on it ?" for tag in tags},
    }
    return inference.LoadedModel(scorer, catalogue_of(document), Manifest("random-0123456789ab"))


@pytest.fixture(scope="session")
def random_photos() -> list[Image.Image]:
    return noise(3, 60)
