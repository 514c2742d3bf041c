"""The flaws of a photo: what keeps it, by its pixels alone, from showing a thing well enough to judge it.

The bounds are far from what photos of goods have: see decision 0053 for the measurement.
"""

from collections.abc import Sequence

from PIL import Image, ImageChops

from services.core.domain.report import Flaw
from services.core.photos.regions import shows_several

# Levels of 0 to 255. A dark photo has next to no pixel above DARK_BELOW, a bright one next to none below
# BRIGHT_FROM; a blank one has no CONTRAST.
DARK_BELOW, BRIGHT_FROM, CONTRAST = 64, 240, 24
# The sharpest edges of a blurred photo, as a share of its contrast.
EDGE = 0.2
# Next to none is one pixel of a hundred: a small thing on a plain ground is larger. An edge is a line, so one
# of a thousand.
_FEW, _LINE = 0.01, 0.001
_SHARP = 255


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
    if _sharpest(grey) <= EDGE * (brightest - darkest):
        return (Flaw.BLURRED,)
    return (Flaw.SEVERAL_THINGS,) if shows_several(photo) else ()


def _sharpest(grey: Image.Image) -> int:
    """The step between neighbours that only a line of pixels exceeds."""
    width, height = grey.width - 1, grey.height - 1
    if not width or not height:
        return _SHARP
    here = grey.crop((0, 0, width, height))
    across = ImageChops.difference(here, grey.crop((1, 0, width + 1, height)))
    down = ImageChops.difference(here, grey.crop((0, 1, width, height + 1)))
    return _level(ImageChops.lighter(across, down).histogram(), 1 - _LINE)


def _level(histogram: Sequence[int], share: float) -> int:
    """The lowest level that this share of the pixels does not exceed."""
    below, wanted = 0, share * sum(histogram)
    for level, pixels in enumerate(histogram):
        below += pixels
        if below >= wanted:
            return level
    return len(histogram) - 1
