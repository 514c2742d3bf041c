"""What measures a service: the photo to post, a client that times its requests, and peak memory."""

import http.client
import json
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO

import numpy as np
import psutil
from PIL import Image

BOUNDARY = "bench"
WIDTH, HEIGHT = 4032, 3024
ORIENTATION = 0x0112
SAMPLE_EVERY_S = 0.02
# Cells across the picture, and the standard deviation of their brightness.
_LAYERS = ((6, 70.0), (24, 30.0), (96, 14.0), (384, 8.0))
# Sensor noise takes most of the 3.6 MB of a camera's JPEG.
_GRAIN = 9.0


def twelve_megapixels() -> bytes:
    """Return the same JPEG of 12 megapixels every time, about 3.6 MB, as detailed as a phone's photo."""
    random = np.random.default_rng(12)
    light = np.full((HEIGHT, WIDTH, 3), 120.0, np.float32)
    for cells, strength in _LAYERS:
        coarse = random.normal(size=(3, cells * 3 // 4 + 2, cells + 2)).astype(np.float32)
        for channel, values in enumerate(coarse):
            smooth = Image.fromarray(values).resize((WIDTH, HEIGHT), Image.Resampling.BICUBIC)
            light[:, :, channel] += strength * np.asarray(smooth)
    light += random.normal(scale=_GRAIN, size=(HEIGHT, WIDTH, 1)).astype(np.float32)
    exif = Image.Exif()
    exif[ORIENTATION] = 1
    out = BytesIO()
    Image.fromarray(light.clip(0, 255).astype(np.uint8)).save(out, "JPEG", quality=85, exif=exif)
    return out.getvalue()


@dataclass(frozen=True)
class Timed:
    """One request: milliseconds at the client, and milliseconds of each stage in Server-Timing."""

    whole_ms: float
    stages_ms: dict[str, float]


class Client:
    """Posts `photo` to the service on `port` over one kept connection."""

    def __init__(self, port: int, token: str, photo: bytes) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }
        head = (
            'Content-Disposition: form-data; name="images"; filename="photo.jpg"\r\nContent-Type: image/jpeg'
        )
        self._body = b"".join(
            (f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode(), photo, f"\r\n--{BOUNDARY}--\r\n".encode())
        )

    def post(self) -> Timed:
        """Send one request, timed from its first byte to the answer's last.

        Raises SystemExit unless the answer is a report whose text the LLM wrote.
        """
        start = time.perf_counter()
        self._connection.request("POST", "/analyze", self._body, self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        whole_ms = (time.perf_counter() - start) * 1000
        if answer.status != 200 or json.loads(body)["narrative"] != "llm":
            raise SystemExit(f"port {self._connection.port} answered {answer.status}: {body[:500].decode()}")
        return Timed(whole_ms, _stages(answer.getheader("Server-Timing", "")))


def time_in_fakes(port: int) -> float:
    """Return the milliseconds that the fake model and LLM took since the last call."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", "/spent")
        return float(connection.getresponse().read())
    finally:
        connection.close()


def throughput(clients: Sequence[Client], each: int) -> float:
    """Let all clients post `each` times at the same time; return requests per second."""
    start = time.perf_counter()
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(lambda client: [client.post() for _ in range(each)], clients))
    return len(clients) * each / (time.perf_counter() - start)


def _stages(header: str) -> dict[str, float]:
    pairs = (entry.strip().split(";dur=") for entry in header.split(",") if entry)
    return {name: float(ms) for name, ms in pairs}


@dataclass
class Peak:
    """The largest resident set of a process, in MB of 1,000,000 bytes."""

    mb: float


@contextmanager
def peak_memory(pid: int) -> Iterator[Peak]:
    """Sample the process every 20 ms until the block ends."""
    process = psutil.Process(pid)
    peak = Peak(_resident_mb(process))
    done = threading.Event()

    def sample() -> None:
        while not done.wait(SAMPLE_EVERY_S):
            peak.mb = max(peak.mb, _resident_mb(process))

    sampler = threading.Thread(target=sample, daemon=True)
    sampler.start()
    try:
        yield peak
    finally:
        done.set()
        sampler.join()


def _resident_mb(process: psutil.Process) -> float:
    resident: int = process.memory_info().rss
    return resident / 1_000_000
