from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from model_artifacts.blip2.tools import packaging
from model_artifacts.blip2_demo import MODEL
from model_artifacts.blip2_demo.drawing.drawing import draw
from model_artifacts.blip2_demo.training.evaluate import handlers, request
from tests.model_artifacts import hub_layout

if TYPE_CHECKING:
    from pathlib import Path

    from PIL import Image

    from benchmarks.model.random_blip2 import Family


@pytest.fixture(scope="session")
def inference() -> Any:
    return handlers()


@pytest.fixture(scope="session")
def model(inference: Any) -> Any:
    return inference.model_fn(str(MODEL))


@pytest.fixture(scope="session")
def demo_archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo model's archive; tests read it and do not change it."""
    file = tmp_path_factory.mktemp("demo") / packaging.NAME
    packaging.build(file, MODEL)
    return file


@pytest.fixture(scope="session")
def hub_models(tmp_path_factory: pytest.TempPathFactory) -> dict[Family, Path]:
    """Random models in the hub's layouts by family; tests read them and do not change them."""
    folder = tmp_path_factory.mktemp("hub")
    families: tuple[Family, ...] = ("t5", "opt")
    return {family: hub_layout.write_checkpoint(folder / family, family) for family in families}


@pytest.fixture(scope="session")
def photos() -> list[Image.Image]:
    return [draw(seed, (320, 240), aspect=4 / 3).image for seed in (11, 12, 13)]


@pytest.fixture
def document(photos: list[Image.Image]) -> dict[str, Any]:
    """A request about one photo, with all questions that the demo's catalogue has answers for."""
    return request(photos[:1])
