import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw
from skimage.color import rgb2lab

from catalogue import SECOND_HAND, load
from services.core.domain.colours import NEIGHBOURS
from services.core.photos import named_colours
from services.core.photos.named_colours import lab_of, measure, name_of
from services.core.photos.photo import prepare
from tests.services.core.photos.test_photo import EXAMPLES, encoded

Rgb = tuple[int, int, int]
DATA = json.loads(Path(named_colours.__file__).with_suffix(".json").read_text("utf-8"))
CATALOGUE = {each.id for each in load(SECOND_HAND).colours}
LEVELS = st.integers(0, 255)
# By Lindbloom's calculator, D65.
PUBLISHED = {
    (255, 255, 255): (100.0, 0.0, 0.0),
    (0, 0, 0): (0.0, 0.0, 0.0),
    (255, 0, 0): (53.2408, 80.0925, 67.2032),
    (0, 255, 0): (87.7347, -86.1827, 83.1793),
    (0, 0, 255): (32.2970, 79.1875, -107.8602),
    (128, 128, 128): (53.5850, 0.0, 0.0),
}


def srgb(plain: str) -> Rgb:
    red, green, blue = bytes.fromhex(plain[1:])
    return red, green, blue


def disc(colour: Rgb, ground: Rgb, size: tuple[int, int] = (384, 288)) -> Image.Image:
    photo = Image.new("RGB", size, ground)
    width, height = size
    ImageDraw.Draw(photo).ellipse((width // 4, height // 4, 3 * width // 4, 3 * height // 4), colour)
    return photo


@pytest.mark.parametrize(("rgb", "expected"), PUBLISHED.items())
def test_published_colours_in_lab(rgb: Rgb, expected: tuple[float, float, float]) -> None:
    assert lab_of(rgb) == pytest.approx(expected, abs=0.02)


@given(st.tuples(LEVELS, LEVELS, LEVELS))
def test_lab_is_that_of_scikit_image(rgb: Rgb) -> None:
    expected = rgb2lab(np.array([[rgb]], np.uint8))[0, 0]
    assert lab_of(rgb) == pytest.approx(expected, abs=0.05)


def test_catalogue_colours_have_points() -> None:
    assert CATALOGUE - DATA.keys() == {"multicoloured", "transparent"}
    assert set(DATA) == set(NEIGHBOURS)


def test_plain_points_are_their_srgb() -> None:
    for (name, value, *lab), *_ in DATA.values():
        assert name.startswith("xkcd: ")
        assert lab == pytest.approx(rgb2lab(np.array([[srgb(value)]], np.uint8))[0, 0], abs=0.06)


def test_lightness_follows_munsell_value() -> None:
    """Luminance is a polynomial of the Munsell value (ASTM D1535); D65 changes it a little."""
    for _, notation, lightness, _, _ in (point for points in DATA.values() for point in points[1:]):
        value = float(notation.split()[-1].split("/")[0].lstrip("N"))
        powers = (1.1914, -0.22533, 0.23352, -0.020484, 0.00081939)
        luminance = sum(factor * value ** (at + 1) for at, factor in enumerate(powers))
        share = luminance / 100
        expected = 116 * np.cbrt(share) - 16 if share > 216 / 24389 else share * 24389 / 27
        assert lightness == pytest.approx(expected, abs=1.6), notation


def test_hue_follows_munsell_family() -> None:
    for _, notation, _, a, b in (point for points in DATA.values() for point in points[1:]):
        family = notation.split()[0].lstrip("0123456789.")
        if family in ("R", "G"):
            assert (a > 0) == (family == "R"), notation
        if family in ("Y", "PB"):
            assert (b > 0) == (family == "Y"), notation


@pytest.mark.parametrize("colour", DATA)
def test_plain_disc_has_its_colour(colour: str) -> None:
    (_, value, lightness, _, _), *_ = DATA[colour]
    ground = (40, 40, 40) if lightness > 50 else (235, 235, 235)
    assert measure(disc(srgb(value), ground))[0][0] == colour


@pytest.mark.parametrize("colour", ["red", "blue", "green", "yellow", "purple", "brown"])
@pytest.mark.parametrize("exposure", [0.8, 1.2])
def test_exposure_leaves_colour_near(colour: str, exposure: float) -> None:
    middle = DATA[colour][1][2:]
    rgb = next(
        rgb
        for rgb in np.ndindex(16, 16, 16)
        if np.abs(rgb2lab(np.array([[rgb]]) * 17 / 255)[0, 0] - middle).sum() < 15
    )
    lit = disc((rgb[0] * 17, rgb[1] * 17, rgb[2] * 17), (200, 200, 200)).point(
        lambda level: min(255.0, level * exposure)
    )
    assert measure(lit)[0][0] in NEIGHBOURS[colour] | {colour}


@pytest.mark.parametrize(
    ("level", "light", "named"),
    [
        (110, (1.0, 0.92, 0.8), "brown"),
        (110, (0.85, 0.95, 1.0), "blue"),
        (200, (0.8, 0.93, 1.0), "light_blue"),
    ],
)
def test_light_of_neutral_ground_is_taken_back(
    level: int, light: tuple[float, float, float], named: str
) -> None:
    """A grey thing under coloured light has another name, unless the ground tells what light it is."""
    thing, ground = (
        (int(grey * light[0]), int(grey * light[1]), int(grey * light[2]))
        for grey in (level, 230 if level < 120 else 60)
    )
    assert name_of(lab_of(thing)) == named
    assert measure(disc(thing, ground))[0][0] == "grey"


def test_shadow_is_no_part() -> None:
    photo = disc((190, 30, 40), (220, 220, 220))
    ImageDraw.Draw(photo).rectangle((100, 220, 300, 260), (150, 150, 150))
    assert [id_ for id_, share in measure(photo) if share > 0.1] == ["red"]


def test_grey_thing_is_no_shadow() -> None:
    assert measure(disc((140, 140, 140), (225, 225, 225)))[0][0] == "grey"


def test_cluttered_ground_says_nothing() -> None:
    photo = disc((190, 30, 40), (220, 220, 220))
    for number, colour in enumerate([(20, 20, 20), (240, 220, 60), (40, 90, 200), (60, 160, 70)]):
        photo.paste(colour, (96 * number, 0, 96 * number + 96, 40))
        photo.paste(colour, (96 * number, 248, 96 * number + 96, 288))
    assert measure(photo) == ()


@pytest.mark.parametrize("ground", [(255, 255, 255), (128, 128, 128), (200, 40, 40)])
def test_ground_alone_says_nothing(ground: Rgb) -> None:
    assert measure(Image.new("RGB", (384, 288), ground)) == ()


def test_speck_and_closeup_say_nothing() -> None:
    speck = Image.new("RGB", (384, 288), (230, 230, 230))
    speck.paste((200, 0, 0), (180, 140, 210, 160))
    closeup = Image.new("RGB", (384, 288), (230, 230, 230))
    closeup.paste((200, 0, 0), (15, 15, 369, 273))
    assert (measure(speck), measure(closeup)) == ((), ())


@pytest.mark.parametrize("size", [(1, 1), (2, 2), (1, 400), (384, 1), (3, 384)])
def test_tiny_picture_is_measured(size: tuple[int, int]) -> None:
    assert measure(Image.new("RGB", size, "red")) == ()


@settings(max_examples=60, deadline=None)
@given(
    size=st.tuples(st.integers(1, 90), st.integers(1, 90)),
    ground=st.tuples(LEVELS, LEVELS, LEVELS),
    parts=st.lists(
        st.tuples(st.tuples(LEVELS, LEVELS, LEVELS), st.lists(st.integers(-5, 95), min_size=4, max_size=4)),
        max_size=6,
    ),
)
def test_any_picture_has_shares(
    size: tuple[int, int], ground: Rgb, parts: list[tuple[Rgb, list[int]]]
) -> None:
    photo = Image.new("RGB", size, ground)
    for colour, (left, top, right, bottom) in parts:
        photo.paste(colour, (min(left, right), min(top, bottom), max(left, right), max(top, bottom)))
    found = measure(photo)
    shares = [share for _, share in found]
    assert sum(shares) <= 1 + 1e-9
    assert shares == sorted(shares, reverse=True)
    assert all(share >= 0.05 for share in shares)
    assert {id_ for id_, _ in found} <= DATA.keys()


def test_prepared_photo_has_its_colours() -> None:
    lamp = next(path for path in EXAMPLES if path.stem == "drawn-lamp")
    assert prepare(lamp.read_bytes(), "images", with_colours=True).colours[0][0] == "blue"
    assert prepare(lamp.read_bytes(), "images").colours == ()
    white = encoded(Image.new("RGB", (64, 64), "white"), "PNG")
    assert prepare(white, "images", with_colours=True).colours == ()
