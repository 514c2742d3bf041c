"""The colours of both schemes against the contrasts of WCAG 2.2: 4.5 for text, 3 for a chart's shapes."""

import re
from pathlib import Path

import pytest

CSS = Path("planning/page/colours.css").read_text("utf-8")
LIGHT, DARK = CSS.split("@media screen and (prefers-color-scheme: dark)")
SCHEMES = {
    name: dict(re.findall(r"--([a-z0-9-]+): (#[0-9a-f]{6});", text))
    for name, text in {"light": LIGHT, "dark": DARK}.items()
}


def luminance(colour: str) -> float:
    """Relative luminance, as WCAG defines it."""
    channels = [int(colour[start : start + 2], 16) / 255 for start in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return sum(part * value for part, value in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one: str, other: str) -> float:
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_formula_gives_the_known_extremes() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_schemes_have_the_same_colours(scheme: str) -> None:
    assert SCHEMES[scheme].keys() == SCHEMES["light"].keys()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("ground", ["paper", "surface", "warn-soft"])
def test_text_is_readable(scheme: str, ground: str) -> None:
    colours = SCHEMES[scheme]
    for name in ("ink", "ink-soft", "accent", "mark"):
        assert contrast(colours[name], colours[ground]) >= 4.5, name


@pytest.mark.parametrize("scheme", SCHEMES)
def test_series_stand_out(scheme: str) -> None:
    colours = SCHEMES[scheme]
    for number in range(1, 7):
        assert contrast(colours[f"series-{number}"], colours["surface"]) >= 3, number
