"""Whether a photo shows several things: separate regions on a plain background.

The background is what can be reached from the border in small steps of colour. Where it is not plain, most of
the photo cannot be reached so, and nothing is said.
"""

from PIL import Image

_SIDE, _STEP = 48, 8
# Shares of the photo: of a background that counts as plain, and of a region that is more than a speck.
_PLAIN, _SPECK = 0.4, 0.03
# A second thing has at least this share of the largest one's size.
_SECOND = 0.35


def shows_several(photo: Image.Image) -> bool:
    """Whether the photo, in RGB, shows two or more things of similar size apart from each other."""
    small = photo.copy()
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    count = small.width * small.height
    reached = _background(small.tobytes(), small.width, count)
    if sum(reached) < _PLAIN * count:
        return False
    sizes = sorted(_regions(reached, small.width, count), reverse=True)
    return len(sizes) > 1 and sizes[1] >= max(_SECOND * sizes[0], _SPECK * count)


def _background(levels: bytes, width: int, count: int) -> bytearray:
    """Mark with 1 the pixels that small steps of colour reach from the border."""
    red, green, blue = levels[::3], levels[1::3], levels[2::3]
    ahead = [*range(width), *range(count - width, count)]
    ahead += [*range(0, count, width), *range(width - 1, count, width)]
    reached = bytearray(count)
    for here in ahead:
        reached[here] = 1
    while ahead:
        here = ahead.pop()
        # The border is marked already, so no step leads across the picture's sides.
        for near in (here - width, here + width, here - 1, here + 1):
            if (
                0 <= near < count
                and not reached[near]
                and abs(red[near] - red[here]) <= _STEP
                and abs(green[near] - green[here]) <= _STEP
                and abs(blue[near] - blue[here]) <= _STEP
            ):
                reached[near] = 1
                ahead.append(near)
    return reached


def _regions(marked: bytearray, width: int, count: int) -> list[int]:
    """The sizes of the connected regions of pixels that are not marked; marks them."""
    sizes = []
    for start in range(count):
        if marked[start]:
            continue
        marked[start] = 1
        ahead, size = [start], 0
        while ahead:
            here = ahead.pop()
            size += 1
            for near in (here - width, here + width, here - 1, here + 1):
                if not marked[near]:
                    marked[near] = 1
                    ahead.append(near)
        sizes.append(size)
    return sizes
