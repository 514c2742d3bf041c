"""The two images to build: their sources, the files that must stay out of them, and their goals."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import FIGURES, Figure
from local.home import REPOSITORY

SERVER = Path("model_artifacts/blip2/server")


@dataclass(frozen=True)
class Image:
    """One of our images.

    `sources` are the folders of its build context; `lures` are paths there that receive a secret, which must
    stay out of the image; `code` is a file that the layers must contain; `without_wheels` are build arguments
    for a machine where PIP_FIND_LINKS names no folder.
    """

    name: str
    dockerfile: Path
    suite: str
    sources: tuple[str, ...]
    lures: tuple[str, ...]
    code: Path
    figures: Callable[[Mapping[str, Any]], list[Figure]]
    over_base_mb: float
    start_s: float
    # PyTorch creates a folder for compiled code when it is imported.
    writable: int = 0
    without_wheels: tuple[str, ...] = ()

    @property
    def record(self) -> Path:
        """The file that keeps its last run."""
        return FIGURES / f"image-{self.name}.json"


def _analyze_figures(run: Mapping[str, Any]) -> list[Figure]:
    return [Figure("photos_answered_of_2", run["photos_answered"], at_least=2)]


def _model_figures(run: Mapping[str, Any]) -> list[Figure]:
    return [
        Figure("pings_before_the_warm_up", run["pings_before_warm_up"], at_least=10),
        Figure("pings_answered_before_the_warm_up", run["answered_before_warm_up"], at_most=0),
        Figure("pings_answered_of_a_broken_model", run["broken"]["answered"], at_most=0),
        Figure("exit_code_of_a_broken_model", run["broken"]["exit_code"], at_least=1),
        Figure("first_answer_seconds", run["first_answer_s"]),
        Figure("photos_answered_of_9", run["photos_answered"], at_least=9),
        Figure("bad_requests_refused_of_2", run["refused"], at_least=2),
        Figure("memory_mb", run["rss_mb"]),
    ]


ANALYZE = Image(
    name="analyze",
    dockerfile=REPOSITORY / "services" / "analyze" / "Dockerfile",
    suite="trixie",
    sources=("catalogue", "services"),
    lures=("services/analyze/.env", "services/core/.netrc"),
    code=REPOSITORY / "services" / "analyze" / "app.py",
    figures=_analyze_figures,
    over_base_mb=150,
    start_s=10,
)
MODEL = Image(
    name="model",
    dockerfile=REPOSITORY / SERVER / "Dockerfile",
    # Its Python 3.11 is the version of the torch wheels in a folder of PIP_FIND_LINKS.
    suite="bookworm",
    sources=("model_artifacts",),
    lures=(f"{SERVER}/.env", f"{SERVER.parent}/code/.netrc"),
    code=REPOSITORY / SERVER / "handlers.py",
    figures=_model_figures,
    over_base_mb=1500,
    start_s=60,
    writable=1,
    without_wheels=("TORCH_BACKEND=cpu",),
)
IMAGES = {image.name: image for image in (ANALYZE, MODEL)}
