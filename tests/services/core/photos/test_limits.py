"""How large a photo may be: bounded by the memory and the work that it takes, above what phones make."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import psutil
import pytest
from PIL import Image

from benchmarks.hostile_uploads import one_scan, one_scan_per_component
from services.core.domain.errors import TooLarge
from services.core.photos import pool
from services.core.photos.decode import MEMORY_BYTES
from services.core.photos.photo import prepare

ROOT = Path(__file__).parents[4]
PHONES = {"50 million": (8160, 6144), "108 million": (12_000, 9000), "200 million": (16_320, 12_240)}


@pytest.fixture
def decoders() -> Iterator[pool.Decoders]:
    made = pool.Decoders(1)
    yield made
    made.close()


def peak_bytes(decoders: pool.Decoders) -> int:
    assert decoders._server is not None
    (decoder,) = psutil.Process(decoders._server.pid).children()
    status = Path(f"/proc/{decoder.pid}/status")
    if not status.exists():
        pytest.skip("this system does not tell a process's peak of memory")
    (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


@pytest.mark.parametrize("size", PHONES.values(), ids=PHONES)
def test_phones_jpegs_take_little_memory(decoders: pool.Decoders, size: tuple[int, int]) -> None:
    image = decoders.decode(one_scan(*size), time.monotonic() + 60)
    assert max(image.size) == 768
    assert peak_bytes(decoders) < 100_000_000


def flat(format_: str, size: tuple[int, int], mode: str = "RGB") -> bytes:
    out = BytesIO()
    # Written quickly: the size of the file is not the point.
    Image.new(mode, size).save(out, format_, compress_level=1, method=0)
    return out.getvalue()


MEASURE = """
import resource, sys
from services.core.photos.decode import decode
upload = sys.stdin.buffer.read()
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
decode(upload, lambda: None)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


def keyed_png(size: tuple[int, int]) -> bytes:
    out = BytesIO()
    Image.new("RGB", size).save(out, "PNG", transparency=(1, 2, 3), compress_level=1)
    return out.getvalue()


LARGEST = {
    "RGB": lambda: flat("PNG", (9400, 9400)),
    "RGBA": lambda: flat("PNG", (9400, 9400), "RGBA"),
    "16 bits": lambda: flat("PNG", (9400, 9400), "I;16"),
    "palette": lambda: flat("PNG", (9400, 9400), "P"),
    "transparent colour": lambda: keyed_png((7000, 7000)),
    "WebP": lambda: flat("WEBP", (5000, 4900), "RGBA"),
    "three scans": lambda: one_scan_per_component(8600, 8600),
}


@pytest.mark.system
@pytest.mark.parametrize("make", LARGEST.values(), ids=LARGEST)
def test_memory_stays_bounded(make: Callable[[], bytes]) -> None:
    done = subprocess.run(
        [sys.executable, "-c", MEASURE], input=make(), capture_output=True, check=True, cwd=ROOT
    )
    assert int(done.stdout) * 1024 < MEMORY_BYTES * 1.1


@pytest.mark.parametrize(
    ("upload", "says"),
    [
        (one_scan(32_000, 32_000), "has 32000 × 32000 pixels; a JPEG may have 250 million"),
        (one_scan_per_component(9000, 9000), "a JPEG of several scans may have 75 million"),
    ],
    ids=["one scan", "three scans"],
)
def test_limit_is_named(upload: bytes, says: str) -> None:
    with pytest.raises(TooLarge, match=says):
        prepare(upload, "images[0]")
