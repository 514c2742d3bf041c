from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from model_artifacts.blip2_demo import MODEL
from model_artifacts.blip2_demo.drawing.drawing import draw
from model_artifacts.blip2_demo.training.evaluate import encode, handlers, questions

if TYPE_CHECKING:
    from PIL import Image


@pytest.fixture(scope="session")
def inference() -> Any:
    return handlers()


@pytest.fixture(scope="session")
def model(inference: Any) -> Any:
    return inference.model_fn(str(MODEL))


@pytest.fixture(scope="session")
def photos() -> list[Image.Image]:
    return [draw(seed, (320, 240), aspect=4 / 3).image for seed in (11, 12, 13)]


@pytest.fixture
def document(photos: list[Image.Image]) -> dict[str, Any]:
    return {"photos": [encode(photos[0])], "questions": questions()}
