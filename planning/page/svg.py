"""Matplotlib's SVG, reduced to what a page needs: paths and texts whose colours are the page's CSS variables.

Matplotlib knows no variables, so a chart is drawn in the colours of COLOURS, which stand for one each.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from xml.etree import ElementTree

if TYPE_CHECKING:
    from collections.abc import Iterator

SERIES = tuple(f"#f0000{number}" for number in range(1, 7))
INK, SOFT, RULE, MARK = "#0a0001", "#0a0002", "#0a0003", "#0a0004"
COLOURS = {
    **{colour: f"var(--series-{number})" for number, colour in enumerate(SERIES, 1)},
    INK: "var(--ink)",
    SOFT: "var(--ink-soft)",
    RULE: "var(--line)",
    MARK: "var(--mark)",
}
"""Colour of the drawing → what it is in the page."""

_SVG, _XLINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}"
_NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[-+]?\d+)?")
_KEPT = ("d", "x", "y", "transform", "width", "height")
# What the page's style says of every chart; an angle of 0 changes nothing.
_IMPLIED = {
    "font-size": "12px",
    "text-anchor": "start",
    "stroke-linejoin": "miter",
    "stroke-linecap": "square",
}
_DROPPED = {"font", "font-family"}


def compact(drawn: str, prefix: str) -> tuple[str, tuple[float, float]]:
    """Return the shapes of a figure that matplotlib has written, and its width and height in px.

    `prefix` begins the ids, which must be unique in a page.
    """
    root = ElementTree.fromstring(drawn)  # noqa: S314 - of matplotlib, no foreign text as markup
    _, _, width, height = map(float, root.get("viewBox", "").split())
    ids: dict[str, str] = {}
    shapes = "".join(_shapes(root, ids, prefix))
    return shapes, (width, height)


def _shapes(parent: ElementTree.Element, ids: dict[str, str], prefix: str) -> Iterator[str]:
    for element in parent:
        tag = element.tag.removeprefix(_SVG)
        if tag == "g":
            yield from _shapes(element, ids, prefix)
        elif tag == "defs":
            for path in element.iter(f"{_SVG}path"):
                ids[path.get("id", "")] = f"{prefix}{len(ids)}"
                yield f'<defs><path id="{ids[path.get("id", "")]}" d="{_numbers(path.get("d", ""))}"/></defs>'
        elif tag == "use":
            target = ids[element.get(f"{_XLINK}href", "").removeprefix("#")]
            yield f'<use href="#{target}"{_attributes(element)}/>'
        elif tag == "path":
            # The frames of figure and axes are invisible.
            if element.get("style") != "fill: none":
                yield f"<path{_attributes(element)}/>"
        elif tag == "text":
            yield f"<text{_attributes(element)}>{_escaped(''.join(element.itertext()))}</text>"


def _attributes(element: ElementTree.Element) -> str:
    texts = []
    for name in _KEPT:
        value = element.get(name)
        if value is not None and not value.startswith("rotate(-0 "):
            texts.append(f'{name}="{_numbers(value)}"')
    if style := _style(element.get("style", "")):
        texts.append(f'style="{style}"')
    return "".join(f" {text}" for text in texts)


def _style(written: str) -> str:
    rules = (rule.partition(":") for rule in written.split(";") if rule.strip())
    kept = []
    for name, _, value in ((name.strip(), "", value.strip()) for name, _, value in rules):
        if name not in _DROPPED and _IMPLIED.get(name) != value:
            kept.append(f"{name}:{COLOURS.get(value, value)}")
    return ";".join(kept)


def _numbers(text: str) -> str:
    rounded = _NUMBER.sub(lambda found: f"{round(float(found[0]), 1):g}", text)
    return re.sub(r"\s*([A-Za-z])\s*", r"\1", rounded).strip() if text[:1] == "M" else rounded


def _escaped(text: str) -> str:
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
