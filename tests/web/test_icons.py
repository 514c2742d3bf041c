import json
from io import BytesIO

from PIL import Image

from web import icons


def test_committed_icons_are_current() -> None:
    for name, content in icons.files():
        committed = (icons.FOLDER / name).read_bytes()
        if name.endswith(".svg"):
            assert committed == content, f"{name}: run python -m web.icons"
        else:
            # Pixels: the compression differs between versions of zlib.
            assert _pixels(committed) == _pixels(content), f"{name}: run python -m web.icons"


def test_manifest_sizes_are_true() -> None:
    manifest = json.loads((icons.FOLDER / "manifest.webmanifest").read_text("utf-8"))
    for icon in manifest["icons"]:
        file = icons.FOLDER / icon["src"].lstrip("/")
        if icon["type"] == "image/png":
            with Image.open(file) as image:
                assert "{}x{}".format(*image.size) == icon["sizes"]
        else:
            assert file.exists()


def _pixels(png: bytes) -> bytes:
    with Image.open(BytesIO(png)) as image:
        return image.convert("RGBA").tobytes()
