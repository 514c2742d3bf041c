"""The photo that is measured with: 12 megapixels, with the detail that a phone's camera leaves in one."""

from io import BytesIO

import numpy as np
from PIL import Image

WIDTH, HEIGHT = 4032, 3024
ORIENTATION = 0x0112
# Light, shapes and surface: how many cells lie across the picture, and how much they vary in brightness.
_LAYERS = ((6, 70.0), (24, 30.0), (96, 14.0), (384, 8.0))
# Sensor noise: most of a camera's 3.6 MB is spent on it.
_GRAIN = 9.0


def twelve_megapixels() -> bytes:
    """Return the same JPEG of about 3.6 MB every time."""
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
