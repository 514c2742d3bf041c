"""The flaws of a photo: what keeps it, by its pixels alone, from showing a thing well enough to judge it.

The bounds are far from what photos of goods have: see decision 0053 for the measurement.
"""

from collections.abc import Sequence

from PIL import Image, ImageFilter

from services.core.domain.report import Flaw

# Levels of 0 to 255. A dark photo has next to no pixel above DARK_BELOW, a bright one next to none below
# BRIGHT_FROM; a blank one has no CONTRAST, and a blurred one no EDGE.
DARK_BELOW, BRIGHT_FROM, CONTRAST, EDGE = 64, 240, 24, 16
# Next to none is one pixel of a hundred: a small thing on a plain ground is larger. An edge is a line, so one
# of a thousand.
_FEW, _LINE = 0.01, 0.001
_BORDER = 2


def flaws(photo: Image.Image) -> tuple[Flaw, ...]:
    """Return the flaws of a photo of at most a few hundred pixels a side, in RGB."""
    grey = photo.convert("L")
    levels = grey.histogram()
    darkest, brightest = _level(levels, _FEW), _level(levels, 1 - _FEW)
    if brightest < DARK_BELOW:
        return (Flaw.TOO_DARK,)
    if darkest >= BRIGHT_FROM:
        return (Flaw.TOO_BRIGHT,)
    if brightest - darkest < CONTRAST:
        return (Flaw.BLANK,)
    return (Flaw.BLURRED,) if _sharpest(grey) <= EDGE else ()


def _sharpest(grey: Image.Image) -> int:
    # The filter copies the border's pixels.
    box = (_BORDER, _BORDER, grey.width - _BORDER, grey.height - _BORDER)
    if box[0] >= box[2] or box[1] >= box[3]:
        return EDGE + 1
    return _level(grey.filter(ImageFilter.FIND_EDGES).crop(box).histogram(), 1 - _LINE)


def _level(histogram: Sequence[int], share: float) -> int:
    """The lowest level that this share of the pixels does not exceed."""
    below, wanted = 0, share * sum(histogram)
    for level, pixels in enumerate(histogram):
        below += pixels
        if below >= wanted:
            return level
    return len(histogram) - 1
