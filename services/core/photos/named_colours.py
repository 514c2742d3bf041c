"""The colours of a thing by the pixels of its photo, in the catalogue's ids.

The border's colours are the ground; what is unlike them is the thing. Each of its colours has the name of the
nearest point of `named_colours.json` in CIE Lab under D65, by HyAB distance, which is meant for large
differences (Abasi et al., 2020). The points of a name are its plain colour in the xkcd colour survey (CC0),
with its sRGB value, and centroids of the ISCC-NBS system, by Munsell notation (Kelly, J. Res. NBS 61:5,
1958). A ground that is nearly neutral shows the light's colour, of which a part is taken back: decision 0099
has the measurement.
"""

import json
import math
from collections.abc import Sequence
from pathlib import Path

from PIL import Image

from services.core.domain.colours import Colours
from services.core.photos.resize import fit

Lab = tuple[float, float, float]
_Linear = tuple[float, float, float]
_SIDE, _PALETTE = 64, 48
# A colour with less of the border is no ground. Distances are in units of Lab.
_OF_BORDER, _LIKE_GROUND, _PLAIN = 0.02, 8.0, 20.0
# Shares of the photo that a thing may have; a smaller one is a speck, a larger one reaches over the border.
_LEAST, _MOST = 0.03, 0.7
# A shadow is darker than the ground by at most so much, and of its hue. Without its shadow, at least so much
# of a thing is left; a grey thing on a lighter ground is all like a shadow.
_DARKER, _OF_ITS_HUE, _LEFT = 45.0, 8.0, 0.5
# A ground of more chroma has a colour of its own. A part is taken back, for a wall may be cream.
_NEUTRAL, _TAKEN_BACK = 20.0, 0.5
_LEAST_SHARE = 0.05
# IEC 61966-2-1, and CIE 15 with its rational constants.
_CURVE = [
    level / 255 / 12.92 if level <= 10 else ((level / 255 + 0.055) / 1.055) ** 2.4 for level in range(256)
]
_TO_XYZ = (
    (0.4124564, 0.3575761, 0.1804375),
    (0.2126729, 0.7151522, 0.0721750),
    (0.0193339, 0.1191920, 0.9503041),
)
_WHITE = (0.95047, 1.0, 1.08883)
_EPSILON, _KAPPA = 216 / 24389, 24389 / 27
_DATA = json.loads(Path(__file__).with_suffix(".json").read_text("utf-8"))
_POINTS: list[tuple[str, float, float, float]] = [
    (id_, lightness, a, b) for id_, points in _DATA.items() for _, _, lightness, a, b in points
]


def measure(photo: Image.Image) -> Colours:
    """Return the colours of the thing in an RGB photo; empty if it does not stand out from a plain ground."""
    small = fit(photo, _SIDE, reducing_gap=1.0).quantize(
        _PALETTE, Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE
    )
    palette = small.getpalette() or []
    counts = {index: pixels for index, pixels in enumerate(small.histogram()) if pixels}
    inner = small.crop((1, 1, max(1, small.width - 1), max(1, small.height - 1))).histogram()
    border = {index: pixels - inner[index] for index, pixels in counts.items() if pixels > inner[index]}
    linear = {index: _linear(palette[3 * index : 3 * index + 3]) for index in counts}
    gains = _gains(_mean([(linear[index], pixels) for index, pixels in border.items()]))
    lab = {index: _lab(_lit(colour, gains)) for index, colour in linear.items()}

    middle = _mean([(lab[index], pixels) for index, pixels in border.items()])
    length = sum(border.values())
    if sum(pixels * _distance(lab[index], middle) for index, pixels in border.items()) > _PLAIN * length:
        return ()
    ground = [lab[index] for index, pixels in border.items() if pixels > _OF_BORDER * length]
    thing = [
        (lab[index], pixels)
        for index, pixels in counts.items()
        if all(_distance(lab[index], each) > _LIKE_GROUND for each in ground)
    ]
    if not _LEAST <= _count(thing) / sum(counts.values()) <= _MOST:
        return ()
    lit = [(colour, pixels) for colour, pixels in thing if not any(_shadow(colour, each) for each in ground)]
    return _shares(lit if _count(lit) >= _LEFT * _count(thing) else thing)


def lab_of(srgb: Sequence[int]) -> Lab:
    """A colour of three levels from 0 to 255 in CIE Lab."""
    return _lab(_linear(srgb))


def name_of(colour: Lab) -> str:
    """The catalogue's id of the nearest named colour."""
    lightness, a, b = colour
    # `_distance`, written out: it is asked ten thousand times for a photo.
    return min((abs(lightness - l_) + math.hypot(a - a_, b - b_), id_) for id_, l_, a_, b_ in _POINTS)[1]


def _shares(thing: list[tuple[Lab, int]]) -> Colours:
    named: dict[str, int] = {}
    for colour, pixels in thing:
        id_ = name_of(colour)
        named[id_] = named.get(id_, 0) + pixels
    # Rounded down, so that they do not add up to more than one.
    shares = {id_: 100 * pixels // _count(thing) / 100 for id_, pixels in named.items()}
    ranked = sorted(shares.items(), key=lambda share: (-share[1], share[0]))
    return tuple((id_, share) for id_, share in ranked if share >= _LEAST_SHARE)


def _count(colours: list[tuple[Lab, int]]) -> int:
    return sum(pixels for _, pixels in colours)


def _distance(one: Lab, other: Lab) -> float:
    return abs(one[0] - other[0]) + math.hypot(one[1] - other[1], one[2] - other[2])


def _shadow(colour: Lab, ground: Lab) -> bool:
    hue = math.hypot(colour[1] - ground[1], colour[2] - ground[2])
    return hue < _OF_ITS_HUE and 0 < ground[0] - colour[0] < _DARKER


def _mean(colours: list[tuple[tuple[float, float, float], int]]) -> tuple[float, float, float]:
    length = sum(pixels for _, pixels in colours)
    one, two, three = (sum(colour[at] * pixels for colour, pixels in colours) / length for at in range(3))
    return one, two, three


def _gains(ground: _Linear) -> _Linear:
    """What each channel is multiplied by, to take back a part of the light's colour."""
    _, a, b = _lab(ground)
    if math.hypot(a, b) > _NEUTRAL or not min(ground):
        return 1.0, 1.0, 1.0
    grey = sum(ground) / 3
    red, green, blue = ((grey / channel) ** _TAKEN_BACK for channel in ground)
    return red, green, blue


def _lit(colour: _Linear, gains: _Linear) -> _Linear:
    red, green, blue = (min(1.0, channel * gain) for channel, gain in zip(colour, gains, strict=True))
    return red, green, blue


def _linear(srgb: Sequence[int]) -> _Linear:
    red, green, blue = srgb
    return _CURVE[red], _CURVE[green], _CURVE[blue]


def _lab(linear: _Linear) -> Lab:
    x, y, z = (
        _cube_root(sum(part * channel for part, channel in zip(row, linear, strict=True)) / white)
        for row, white in zip(_TO_XYZ, _WHITE, strict=True)
    )
    return 116 * y - 16, 500 * (x - y), 200 * (y - z)


def _cube_root(share: float) -> float:
    return math.cbrt(share) if share > _EPSILON else (_KAPPA * share + 16) / 116
