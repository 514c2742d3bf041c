"""Decoding where only the function's own folder holds the packages, as in Lambda."""

import base64
import subprocess
import sys
from io import BytesIO
from pathlib import Path

import PIL
import pytest
from PIL import Image

import services

PREPARE = """
import base64, sys
sys.path[:0] = sys.argv[1:3]
from services.core.photos.photo import prepare
prepare(base64.b64decode(sys.argv[3]), "photo")
"""


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_photo_kinds_decode_in_a_function(kind: str) -> None:
    out = BytesIO()
    Image.new("RGB", (40, 30), (90, 120, 160)).save(out, kind)
    folders = (str(Path(services.__path__[0]).parent), str(Path(PIL.__path__[0]).parent))
    bare = getattr(sys, "_base_executable", sys.executable)
    done = subprocess.run(
        [bare, "-I", "-c", PREPARE, *folders, base64.b64encode(out.getvalue()).decode()],
        capture_output=True,
        text=True,
        check=False,
        env={},
    )
    assert done.returncode == 0, done.stderr
