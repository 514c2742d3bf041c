"""`python -m web.icons`: draws the page's icon, for the browser as SVG and for an installed page as PNG.

The icon is a display case: a frame on two feet, a shelf, four goods. Coordinates are on a square of 64 units.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import NamedTuple

from PIL import Image, ImageDraw

FOLDER = Path(__file__).with_name("public")
UNITS = 64
GROUND = "#17604a"
LINES = "#faf8f3"
# Drawn at this multiple and reduced: smooth edges.
_OVERSAMPLING = 4


class Shape(NamedTuple):
    """A filled shape: `rect`, or the `ellipse` in it. Corners of a rect are rounded by `radius`."""

    kind: str
    left: float
    top: float
    right: float
    bottom: float
    radius: float
    colour: str


# Inside the middle 80 %, which every system shows of a maskable icon.
CASE = (
    Shape("rect", 12, 13, 52, 48, 3, LINES),
    Shape("rect", 15.5, 16.5, 48.5, 44.5, 1, GROUND),
    Shape("rect", 15, 29, 49, 32, 0, LINES),
    Shape("ellipse", 20, 20.5, 29, 29.5, 0, LINES),
    Shape("rect", 36, 19, 42, 30, 1, LINES),
    Shape("rect", 20, 39.5, 32, 46, 1, LINES),
    Shape("ellipse", 37, 36.5, 45, 44.5, 0, LINES),
    Shape("rect", 17, 47, 20.5, 52, 1, LINES),
    Shape("rect", 43.5, 47, 47, 52, 1, LINES),
)
# A system that masks the icon itself gets a full square; others get rounded corners.
ROUND = (Shape("rect", 0, 0, UNITS, UNITS, 14, GROUND), *CASE)
SQUARE = (Shape("rect", 0, 0, UNITS, UNITS, 0, GROUND), *CASE)


def files() -> Iterator[tuple[str, bytes]]:
    """Yield each file's name and content."""
    yield "icon.svg", svg(ROUND).encode()
    for name, shapes, size in (
        ("icon-192.png", ROUND, 192),
        ("icon-512.png", ROUND, 512),
        ("icon-maskable-512.png", SQUARE, 512),
        ("apple-touch-icon.png", SQUARE, 180),
    ):
        yield name, png(shapes, size)


def svg(shapes: tuple[Shape, ...]) -> str:
    """Return the shapes as an SVG document."""
    drawn = "".join(_element(shape) for shape in shapes)
    return f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {UNITS} {UNITS}">{drawn}</svg>\n'


def _element(shape: Shape) -> str:
    width, height = shape.right - shape.left, shape.bottom - shape.top
    if shape.kind == "ellipse":
        centre = f'cx="{shape.left + width / 2:g}" cy="{shape.top + height / 2:g}"'
        return f'<ellipse {centre} rx="{width / 2:g}" ry="{height / 2:g}" fill="{shape.colour}"/>'
    box = f'x="{shape.left:g}" y="{shape.top:g}" width="{width:g}" height="{height:g}"'
    return f'<rect {box} rx="{shape.radius:g}" fill="{shape.colour}"/>'


def png(shapes: tuple[Shape, ...], size: int) -> bytes:
    """Return the shapes as a PNG of `size` pixels square."""
    scale = size * _OVERSAMPLING / UNITS
    image = Image.new("RGBA", (size * _OVERSAMPLING,) * 2)
    draw = ImageDraw.Draw(image)
    for shape in shapes:
        # Pillow's lower right corner belongs to the shape.
        box = (shape.left * scale, shape.top * scale, shape.right * scale - 1, shape.bottom * scale - 1)
        if shape.kind == "ellipse":
            draw.ellipse(box, fill=shape.colour)
        else:
            draw.rounded_rectangle(box, shape.radius * scale, fill=shape.colour)
    reduced = image.reduce(_OVERSAMPLING).quantize(64)
    out = BytesIO()
    reduced.save(out, "PNG", optimize=True)
    return out.getvalue()


if __name__ == "__main__":
    for name, content in files():
        (FOLDER / name).write_bytes(content)
