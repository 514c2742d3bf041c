"""What decoding in separate processes costs: CPU of the pool beside the same decoding in one process."""

import os
import time
from io import BytesIO

from PIL import Image

from benchmarks.figures import Figure
from benchmarks.process_tree import ProcessTree
from services.core.photos.decode import decode
from services.core.photos.photo import decoders

ROUNDS = 5
_SMALL = (320, 240)


def decoding_figures(photo: bytes) -> list[Figure]:
    """Return the CPU ms that the pool adds to a small photo, and to `photo`, a large one."""
    out = BytesIO()
    Image.effect_noise(_SMALL, 60).convert("RGB").save(out, "WEBP")
    small, large = _added_ms(out.getvalue(), 200), _added_ms(photo, 20)
    return [
        Figure("decoder_added_cpu_ms_small", small, at_most=5),
        Figure("decoder_added_cpu_ms_12mp", large, at_most=10),
    ]


def _added_ms(photo: bytes, photos: int) -> float:
    """The least of some rounds: other load on the machine only adds."""
    here: list[float] = []
    apart: list[float] = []
    tree = ProcessTree(os.getpid())
    _decode_apart(photo)
    for _ in range(ROUNDS):
        for decode_one, spent in ((_decode_here, here), (_decode_apart, apart)):
            before = tree.cpu_s()
            for _ in range(photos):
                decode_one(photo)
            spent.append((tree.cpu_s() - before) / photos * 1000)
    return min(apart) - min(here)


def _decode_here(photo: bytes) -> None:
    decode(photo, lambda: None)


def _decode_apart(photo: bytes) -> None:
    decoders.decode(photo, time.monotonic() + 60)
