"""What measures a service: the photos to post, and clients that time their requests."""

import http.client
import itertools
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO

import numpy as np
from PIL import Image

BOUNDARY = "bench"
WIDTH, HEIGHT = 4032, 3024
SMALL_WIDTH, SMALL_HEIGHT = 1280, 960
ORIENTATION = 0x0112
# What the fake model calls itself: each answer holds it.
ARTIFACT = "bench"
# Cells across the picture, and the standard deviation of their brightness.
_LAYERS = ((6, 70.0), (24, 30.0), (96, 14.0), (384, 8.0))
# Sensor noise takes most of the 3.6 MB of a camera's JPEG.
_GRAIN = 9.0
_THINGS, _THING_PX = 24, 400
_COMMENT = b"\xff\xfe\x00\x0a"  # the marker of a JPEG comment, and its length with 8 bytes of text
_serial = itertools.count()


def both_photos() -> dict[str, bytes]:
    """Return a phone's photo of 12 megapixels, and the same as a client shrinks it: 1280 px, about 0.3 MB."""
    scene = _scene()
    small = scene.resize((SMALL_WIDTH, SMALL_HEIGHT), Image.Resampling.LANCZOS)
    return {"12mp": _jpeg(scene), "1280px": _jpeg(small)}


def _scene() -> Image.Image:
    random = np.random.default_rng(12)
    light = np.full((HEIGHT, WIDTH, 3), 120.0, np.float32)
    for cells, strength in _LAYERS:
        coarse = random.normal(size=(3, cells * 3 // 4 + 2, cells + 2)).astype(np.float32)
        for channel, values in enumerate(coarse):
            smooth = Image.fromarray(values).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
            light[:, :, channel] += strength * np.asarray(smooth)
    # Edges, without which a photo counts as blurred.
    for left, top, tone in random.uniform((0.2, 0.2, 20), (0.8, 0.8, 235), (_THINGS, 3)):
        row, column = round(top * HEIGHT), round(left * WIDTH)
        light[row : row + _THING_PX, column : column + _THING_PX] = tone
    light += random.normal(scale=_GRAIN, size=(HEIGHT, WIDTH, 1)).astype(np.float32)
    return Image.fromarray(light.clip(0, 255).astype(np.uint8))


def _jpeg(image: Image.Image) -> bytes:
    exif = Image.Exif()
    exif[ORIENTATION] = 1
    out = BytesIO()
    image.save(out, "JPEG", quality=85, exif=exif)
    return out.getvalue()


@dataclass(frozen=True)
class Timed:
    """One request: milliseconds at the client, and milliseconds of each stage in Server-Timing."""

    whole_ms: float
    stages_ms: dict[str, float]


@dataclass(frozen=True)
class Load:
    """What some clients measured together: each request's milliseconds, and how long it took in all."""

    whole_ms: tuple[float, ...]
    seconds: float

    @property
    def per_second(self) -> float:
        """Requests per second."""
        return len(self.whole_ms) / self.seconds


class Client:
    """Posts `photo` to the service on `port` over one kept connection, with a new JPEG comment each time."""

    def __init__(self, port: int, token: str, photo: bytes) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        head = (
            'Content-Disposition: form-data; name="images"; filename="photo.jpg"\r\nContent-Type: image/jpeg'
        )
        self._head = f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode() + photo[:2] + _COMMENT
        self._rest = memoryview(photo[2:] + f"\r\n--{BOUNDARY}--\r\n".encode())
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
            "Content-Length": str(len(self._head) + 8 + len(self._rest)),
        }

    def post(self) -> Timed:
        """Send one request, timed from its first byte to the answer's last.

        Raises SystemExit unless the answer is one that the model was asked for; ours also has the LLM's text.
        """
        body = (self._head + f"{next(_serial):08d}".encode(), self._rest)
        start = time.perf_counter()
        self._connection.request("POST", "/analyze", body, self._headers)
        answer = self._connection.getresponse()
        content = answer.read()
        whole_ms = (time.perf_counter() - start) * 1000
        if answer.status != 200 or not _is_complete(json.loads(content)):
            port = self._connection.port
            raise SystemExit(f"port {port} answered {answer.status}: {content[:500].decode()}")
        return Timed(whole_ms, _stages(answer.getheader("Server-Timing", "")))


def _is_complete(answer: dict[str, object]) -> bool:
    model = answer.get("model", answer)
    return (
        isinstance(model, dict)
        and model.get("artifact") == ARTIFACT
        and answer.get("narrative", "llm") == "llm"
    )


def load(clients: Sequence[Client], seconds: float) -> Load:
    """Let all clients post one request after another for so long; those under way then are waited for."""
    start = time.perf_counter()

    def post(client: Client) -> list[float]:
        times = []
        while time.perf_counter() - start < seconds:
            times.append(client.post().whole_ms)
        return times

    with ThreadPoolExecutor(len(clients)) as pool:
        times = [each for whole in pool.map(post, clients) for each in whole]
    return Load(tuple(times), time.perf_counter() - start)


def _stages(header: str) -> dict[str, float]:
    pairs = (entry.strip().split(";dur=") for entry in header.split(",") if entry)
    return {name: float(ms) for name, ms in pairs}
