"""What every peer does with a photo: decode it, shrink it to the model's size, send it to the model.

Imports Pillow and httpx only, which each peer's environment has.
"""

import base64
import json
import os
from io import BytesIO
from typing import IO, Any

import httpx
from PIL import Image, ImageOps

MODEL_PX = 384
# Our own service decodes at reduced scale, to no less than this.
REDUCED_PX = 768
URL = os.environ["MODEL_URL"]
# What our own service asks, but for the photos.
REQUEST: dict[str, Any] = json.loads(os.environ["MODEL_REQUEST"])


def request_body(photo: IO[bytes], *, reduced: bool) -> dict[str, Any]:
    """Return the model's request about one photo; `reduced` decodes a JPEG at 1/2, 1/4 or 1/8, as ours."""
    return request_of(Image.open(photo), reduced=reduced)


def request_of(image: Image.Image, *, reduced: bool) -> dict[str, Any]:
    """Return the model's request about an opened photo."""
    if reduced:
        scale = min(1.0, REDUCED_PX / max(image.size))
        image.draft("RGB", (round(image.width * scale), round(image.height * scale)))
    upright = ImageOps.exif_transpose(image).convert("RGB")
    upright.thumbnail((MODEL_PX, MODEL_PX))
    out = BytesIO()
    upright.save(out, "JPEG", quality=85)
    return {**REQUEST, "photos": [base64.b64encode(out.getvalue()).decode("ascii")]}


def client() -> httpx.Client:
    """Return a client of the model that keeps its connections."""
    return httpx.Client(timeout=60, limits=httpx.Limits(max_connections=64, max_keepalive_connections=64))


def ask(http: httpx.Client, body: dict[str, Any]) -> Any:
    """Return the model's answer; raises httpx's errors."""
    return http.post(URL, json=body).raise_for_status().json()
