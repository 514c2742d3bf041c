"""The picture as an SVG file: without script, in the colours that its reader prefers."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Any

from planning.architecture.layout import HEADER, WIDTH, Box, placed
from planning.architecture.resources import STORES, Templates
from planning.page.page import stylesheet

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from planning.architecture.resources import Edge, Key, Node

_STYLE = """
text { font: 11px system-ui, sans-serif; fill: var(--ink-soft); }
.room { fill: var(--paper); stroke: var(--line); }
.room-name { font-weight: 600; font-size: 13px; fill: var(--accent); }
.node { fill: var(--surface); stroke: var(--ink-soft); }
.name { font-weight: 600; font-size: 12px; fill: var(--ink); }
.line { fill: none; stroke-width: 1.5; }
.event { stroke: var(--series-2); } .event-head { fill: var(--series-2); }
.use { stroke: var(--series-3); stroke-dasharray: 5 3; } .use-head { fill: var(--series-3); }
.store { fill: var(--accent); } .number { fill: var(--surface); font-size: 10px;
  font-weight: 600; text-anchor: middle; }
"""
_HEADS = "".join(
    f'<marker id="{kind}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" '
    f'markerUnits="userSpaceOnUse" orient="auto-start-reverse">'
    f'<path class="{kind}-head" d="M0 0L8 4L0 8z"/></marker>'
    for kind in ("event", "use")
)
_RADIUS, _LEGEND = 8, 66


def picture(stacks: Mapping[str, Mapping[str, Any]], title: str) -> str:
    """Return the SVG of an environment's templates, by stack."""
    templates = Templates(stacks)
    nodes = templates.nodes
    stores = [node.key for node in nodes.values() if node.kind in STORES]
    used = sorted({edge.target for edge in templates.edges if edge.target in stores and edge.kind == "use"})
    shown = (edge for edge in templates.edges if not (edge.kind == "use" and edge.target in used))
    lines = sorted(shown, key=lambda edge: (edge.source, edge.target, edge.kind))
    rooms, boxes = placed(nodes.values(), lines)
    numbers = {key: number for number, key in enumerate(sorted(used, key=lambda key: _order(boxes[key])), 1)}
    bottom = max(box.y + box.height for box in rooms.values())
    height = bottom + _LEGEND
    shapes = [
        *(_room(name, box) for name, box in sorted(rooms.items())),
        *_lines(lines, boxes),
        *(_node(nodes[key], boxes[key], numbers, templates.edges) for key in sorted(nodes)),
        *_legend(bottom + 24, templates.others()),
    ]
    described = f"{title}: " + "; ".join(
        f"{room}: {', '.join(node.name for node in nodes.values() if node.key[0] == room)}"
        for room in sorted(rooms)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" '
        f'height="{height:g}" role="img" aria-label="{escape(described)}">\n'
        f"<style>\n{stylesheet('colours.css')}{_STYLE}</style>\n<defs>{_HEADS}</defs>\n"
        f'<rect width="100%" height="100%" rx="10" style="fill:var(--surface)"/>\n'
        + "\n".join(shapes)
        + "\n</svg>\n"
    )


def _order(box: Box) -> tuple[float, float]:
    return box.x, box.y


def _rectangle(kind: str, box: Box) -> str:
    place = f'x="{box.x:g}" y="{box.y:g}" width="{box.width:g}" height="{box.height:g}"'
    return f'<rect class="{kind}" {place} rx="6"/>'


def _room(name: str, box: Box) -> str:
    return (
        f"{_rectangle('room', box)}"
        f'<text class="room-name" x="{box.x + 12:g}" y="{box.y + HEADER - 10:g}">{escape(name)}</text>'
    )


def _node(node: Node, box: Box, numbers: Mapping[Key, int], edges: frozenset[Edge]) -> str:
    uses = sorted(
        numbers[edge.target]
        for edge in edges
        if edge.source == node.key and edge.kind == "use" and edge.target in numbers
    )
    own = numbers.get(node.key)
    indent = 31 if own else 10
    shapes = [
        _rectangle("node", box),
        f'<text class="name" x="{box.x + indent:g}" y="{box.y + 17:g}">{escape(node.name)}</text>',
    ]
    if node.kind != "outside":
        shapes.append(f'<text x="{box.x + indent:g}" y="{box.y + 31:g}">{escape(node.kind)}</text>')
    if node.note:
        shapes.append(f'<text x="{box.x + 10:g}" y="{box.y + 46:g}">{escape(node.note)}</text>')
    if own:
        shapes.append(_number(own, box.x + 17, box.y + 15))
    shapes += [_number(number, box.x + 17 + 19 * place, box.y + 44) for place, number in enumerate(uses)]
    return "".join(shapes)


def _number(number: int, x: float, y: float) -> str:
    return (
        f'<circle class="store" cx="{x:g}" cy="{y:g}" r="{_RADIUS}"/>'
        f'<text class="number" x="{x:g}" y="{y + 3.5:g}">{number}</text>'
    )


def _lines(edges: list[Edge], boxes: Mapping[Key, Box]) -> list[str]:
    """Return the lines; two nodes that lead to each other share one, with two heads."""
    kinds: dict[tuple[Key, Key], str] = {(edge.source, edge.target): edge.kind for edge in edges}
    ends = [pair for pair in sorted(kinds) if not ((pair[1], pair[0]) in kinds and kinds[pair] == "use")]
    ports: dict[tuple[Key, str], list[tuple[float, tuple[Key, Key], int]]] = {}
    for pair in ends:
        for end, side in enumerate(_sides(boxes[pair[0]], boxes[pair[1]], boxes.values())):
            other = boxes[pair[1 - end]]
            ports.setdefault((pair[end], side), []).append((other.y if side in "lr" else other.x, pair, end))
    points: dict[tuple[tuple[Key, Key], int], tuple[float, float, str]] = {}
    for (key, side), there in ports.items():
        for place, (_, pair, end) in enumerate(sorted(there), 1):
            points[pair, end] = (*_point(boxes[key], side, place / (len(there) + 1)), side)
    return [
        _line(points[pair, 0], points[pair, 1], kinds[pair], back=(pair[1], pair[0]) in kinds)
        for pair in ends
    ]


def _sides(source: Box, target: Box, boxes: Iterable[Box]) -> str:
    """Return the sides of both boxes that a line joins: a letter each of left, right, top and bottom."""
    if source.x != target.x:
        return "rl" if source.x < target.x else "lr"
    first, last = sorted((source.y, target.y))
    if any(box.x == source.x and first < box.y < last for box in boxes):
        return "ll"
    return "bt" if source.y < target.y else "tb"


def _point(box: Box, side: str, share: float) -> tuple[float, float]:
    if side in "lr":
        return box.x + (box.width if side == "r" else 0), box.y + box.height * share
    return box.x + box.width * share, box.y + (box.height if side == "b" else 0)


def _line(start: tuple[float, float, str], end: tuple[float, float, str], kind: str, *, back: bool) -> str:
    (x, y, side), (to_x, to_y, to_side) = start, end
    pull = max(16.0, abs(to_x - x) / 2) if side in "lr" and side != to_side else 12.0
    away = {"l": (-pull, 0.0), "r": (pull, 0.0), "t": (0.0, -pull / 2), "b": (0.0, pull / 2)}
    (dx, dy), (to_dx, to_dy) = away[side], away[to_side]
    heads = f' marker-end="url(#{kind})"' + (f' marker-start="url(#{kind})"' if back else "")
    return (
        f'<path class="line {kind}" d="M{x:g} {y:g}C{x + dx:g} {y + dy:g} {to_x + to_dx:g} {to_y + to_dy:g} '
        f'{to_x:g} {to_y:g}"{heads}/>'
    )


def _legend(y: float, others: Mapping[str, Mapping[str, int]]) -> list[str]:
    shapes = [
        f'<path class="line {kind}" d="M{x} {y:g}h34" marker-end="url(#{kind})"/>'
        f'<text x="{x + 42}" y="{y + 4:g}">{text}</text>'
        for x, kind, text in ((24, "event", "routes, events, messages"), (236, "use", "sends, or calls"))
    ]
    text = "in a node's last line: uses what has this number"
    shapes.append(f'{_number(1, 396, y)}<text x="410" y="{y + 4:g}">{text}</text>')
    counted = "; ".join(
        f"{stack}: "
        + ", ".join(f"{count} {kind.rpartition('::')[2]}" for kind, count in sorted(kinds.items()))
        for stack, kinds in sorted(others.items())
    )
    if counted:
        shapes.append(f'<text x="24" y="{y + 26:g}">Not drawn: {escape(counted)}</text>')
    return shapes
