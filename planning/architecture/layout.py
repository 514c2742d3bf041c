"""Where the picture's rooms and nodes stand: rooms in columns, nodes so that lines stay short.

Everything is in px of the picture, whose origin is its upper left corner.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from planning.architecture.resources import OUTSIDE

if TYPE_CHECKING:
    from collections.abc import Iterable

    from planning.architecture.resources import Edge, Key, Node

COLUMNS = (("web", "gateway", OUTSIDE), ("analyze", "hooks", "model"), ("results", "storage"))
"""The rooms of each column from the top; a stack without a place is put into the first."""
_WIDE = {"results", "storage"}
"""Rooms of two columns of nodes: what waits at the left, what works at the right."""
_RIGHT = {"Lambda function", "DynamoDB table", "image repository"}

WIDTH, TOP = 800, 12
NODE_WIDTH, NODE_HEIGHT, HEADER = 148, 56, 30
_GAP_X, _GAP_Y, _ROOM_GAP, _PADDING = 44, 12, 32, 12


@dataclass(frozen=True)
class Box:
    """A rectangle by its upper left corner."""

    x: float
    y: float
    width: float
    height: float


def placed(nodes: Iterable[Node], edges: Iterable[Edge]) -> tuple[dict[str, Box], dict[Key, Box]]:
    """Return the boxes of the rooms and of the nodes."""
    rooms: dict[str, list[list[Node]]] = {}
    for node in sorted(nodes, key=lambda node: node.key):
        columns = rooms.setdefault(node.key[0], [[], []])
        columns[node.key[0] in _WIDE and node.kind in _RIGHT].append(node)
    pairs = [(edge.source, edge.target) for edge in edges]
    boxes = _boxes(rooms)
    best = _length(boxes[1], pairs)
    while True:
        before = best
        for column in (column for columns in rooms.values() for column in columns):
            for one, other in combinations(range(len(column)), 2):
                column[one], column[other] = column[other], column[one]
                tried = _boxes(rooms)
                if (length := _length(tried[1], pairs)) < best:
                    boxes, best = tried, length
                else:
                    column[one], column[other] = column[other], column[one]
        if best == before:
            return boxes


def _boxes(rooms: dict[str, list[list[Node]]]) -> tuple[dict[str, Box], dict[Key, Box]]:
    homeless = sorted(set(rooms) - {room for column in COLUMNS for room in column})
    room_boxes: dict[str, Box] = {}
    node_boxes: dict[Key, Box] = {}
    x = float(_PADDING)
    for number, column in enumerate(COLUMNS):
        y, columns_wide = float(TOP), max(1 + (room in _WIDE) for room in column)
        for room in (*column, *(homeless if number == 0 else ())):
            if room not in rooms:
                continue
            height = HEADER + max(map(len, rooms[room])) * (NODE_HEIGHT + _GAP_Y)
            wide = columns_wide if room in _WIDE else 1
            room_boxes[room] = Box(x, y, wide * NODE_WIDTH + (wide - 1) * _GAP_X + 2 * _PADDING, height)
            for across, nodes in enumerate(rooms[room]):
                for down, node in enumerate(nodes):
                    left = x + _PADDING + across * (NODE_WIDTH + _GAP_X)
                    top = y + HEADER + down * (NODE_HEIGHT + _GAP_Y)
                    node_boxes[node.key] = Box(left, top, NODE_WIDTH, NODE_HEIGHT)
            y += height + _ROOM_GAP
        x += columns_wide * (NODE_WIDTH + _GAP_X) + 2 * _PADDING - _GAP_X + _ROOM_GAP
    return room_boxes, node_boxes


def _length(boxes: dict[Key, Box], pairs: list[tuple[Key, Key]]) -> float:
    """Return how hard the lines are to follow: their squared heights, and more for each crossing."""
    lines = [sorted((boxes[key].x, boxes[key].y) for key in pair) for pair in pairs]
    crossings = sum(
        (one[0][0], one[1][0]) == (other[0][0], other[1][0])
        and (one[0][1] - other[0][1]) * (one[1][1] - other[1][1]) < 0
        for one, other in combinations(lines, 2)
    )
    return crossings * NODE_WIDTH**2 + sum((start[1] - end[1]) ** 2 for start, end in lines)
