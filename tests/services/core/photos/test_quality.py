from pathlib import Path

import pytest
from PIL import Image, ImageEnhance, ImageFilter

from model_artifacts.blip2_demo.drawing.drawing import draw
from services.core.domain.report import Flaw
from services.core.photos.quality import flaws

EXAMPLES = sorted((Path(__file__).parents[4] / "examples" / "photos").glob("*.jpg"))


def opened(path: Path) -> Image.Image:
    with Image.open(path) as photo:
        photo.thumbnail((384, 384))
        return photo.convert("RGB")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_example_has_no_flaw(path: Path) -> None:
    assert flaws(opened(path)) == ()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_darkened_example_is_too_dark(path: Path) -> None:
    assert flaws(ImageEnhance.Brightness(opened(path)).enhance(0.15)) == (Flaw.TOO_DARK,)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_strongly_blurred_example_is_blurred(path: Path) -> None:
    assert flaws(opened(path).filter(ImageFilter.GaussianBlur(6))) == (Flaw.BLURRED,)


@pytest.mark.parametrize(
    ("colour", "flaw"),
    [("black", Flaw.TOO_DARK), ("white", Flaw.TOO_BRIGHT), ("grey", Flaw.BLANK), ("red", Flaw.BLANK)],
)
def test_plain_colour_shows_nothing(colour: str, flaw: Flaw) -> None:
    assert flaws(Image.new("RGB", (384, 288), colour)) == (flaw,)


def test_small_dark_thing_on_white_shows() -> None:
    photo = Image.new("RGB", (384, 288), "white")
    photo.paste("black", (180, 120, 230, 160))
    assert flaws(photo) == ()


@pytest.mark.parametrize("size", [(1, 1), (3, 400), (400, 4), (5, 5)])
def test_tiny_picture_is_measured(size: tuple[int, int]) -> None:
    assert flaws(Image.new("RGB", size, "white")) == (Flaw.TOO_BRIGHT,)


def test_few_drawn_goods_have_a_flaw() -> None:
    assert len([seed for seed in range(20) if flaws(draw(seed, (384, 288)).image)]) <= 1


@pytest.mark.parametrize("count", [2, 3, 4, 6])
def test_several_things_on_plain_ground(count: int) -> None:
    photo = Image.new("RGB", (384, 288), (210, 205, 196))
    for number in range(count):
        left, top = 20 + 125 * (number % 3), 30 + 140 * (number // 3)
        photo.paste((90, 40 * number, 60), (left, top, left + 80, top + 90))
    assert flaws(photo) == (Flaw.SEVERAL_THINGS,)


def test_collage_of_goods_shows_several() -> None:
    collage = Image.new("RGB", (384, 288))
    for number, kind in enumerate(("mug", "lamp", "shoe", "vase")):
        tile = draw(number, (192, 144), type=kind).image
        collage.paste(tile, (192 * (number % 2), 144 * (number // 2)))
    assert flaws(collage) == (Flaw.SEVERAL_THINGS,)
