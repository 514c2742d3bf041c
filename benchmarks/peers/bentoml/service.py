"""`bentoml serve benchmarks.peers.bentoml.service:Analyze`."""

from typing import Any

import bentoml
from PIL import Image

from benchmarks.peers.model import ask, client, request_of


@bentoml.service(workers=1, threads=16, traffic={"timeout": 120}, logging={"access": {"enabled": False}})
class Analyze:
    """Takes a picture as BentoML gives it: opened, not decoded yet."""

    def __init__(self) -> None:
        self.http = client()

    @bentoml.api(route="/analyze")
    def analyze(self, images: Image.Image) -> dict[str, Any]:
        """Answer what the model says about the photo."""
        answer: dict[str, Any] = ask(self.http, request_of(images, reduced=True))
        return answer
