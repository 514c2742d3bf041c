"""The two images that are built without an engine: what each is made from, and what is held against it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.figures import Figure
from local.home import REPOSITORY

SERVER = Path("model_artifacts/blip2/server")


@dataclass(frozen=True)
class Subject:
    """An image of ours.

    `sources` are the folders that its build may see, `lures` places there whose secrets must stay out;
    `code` is a file that its layers hold for certain; `observer` the module that runs it, given its root;
    `without_wheels` are build arguments for a machine on which PIP_FIND_LINKS names no folder.
    """

    name: str
    dockerfile: Path
    suite: str
    sources: tuple[str, ...]
    lures: tuple[str, ...]
    code: Path
    observer: str
    figures: Callable[[Mapping[str, Any]], list[Figure]]
    over_base_mb: float
    start_s: float
    # PyTorch makes a folder for what it compiles as soon as it is imported.
    writable: int = 0
    without_wheels: tuple[str, ...] = ()

    @property
    def record(self) -> Path:
        """Where its last run is kept."""
        return REPOSITORY / "docs" / "figures" / f"image-{self.name}.json"


def _of_the_service(run: Mapping[str, Any]) -> list[Figure]:
    return [Figure("photos_answered_of_2", run["photos_answered"], at_least=2)]


def _of_the_model(run: Mapping[str, Any]) -> list[Figure]:
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


ANALYZE = Subject(
    name="analyze",
    dockerfile=REPOSITORY / "services" / "analyze" / "Dockerfile",
    suite="trixie",
    sources=("services",),
    lures=("services/analyze/.env", "services/core/.netrc"),
    code=REPOSITORY / "services" / "analyze" / "app.py",
    observer="benchmarks.service_image",
    figures=_of_the_service,
    over_base_mb=150,
    start_s=10,
)
MODEL = Subject(
    name="model",
    dockerfile=REPOSITORY / SERVER / "Dockerfile",
    # Its Python is 3.11, which a folder of PIP_FIND_LINKS has torch for.
    suite="bookworm",
    sources=("model_artifacts",),
    lures=(f"{SERVER}/.env", f"{SERVER.parent}/code/.netrc"),
    code=REPOSITORY / SERVER / "handlers.py",
    observer="benchmarks.model_image",
    figures=_of_the_model,
    over_base_mb=1500,
    start_s=60,
    writable=1,
    without_wheels=("TORCH_BACKEND=cpu",),
)
SUBJECTS = {subject.name: subject for subject in (ANALYZE, MODEL)}
