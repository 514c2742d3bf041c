"""What reports claim about photos of a good, of other things, and about photos that show too little.

Each photo goes the service's way: its flaws by its pixels, the model's handlers, the assessment by rule.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageEnhance, ImageFilter

from catalogue import DRAWN, load
from model_artifacts.blip2_demo.drawing.drawing import Drawing, draw
from model_artifacts.blip2_demo.drawing.goods import SHAPES
from model_artifacts.blip2_demo.drawing.out_of_distribution import OUT_OF_DISTRIBUTION
from model_artifacts.blip2_demo.training.evaluate import handlers, predict
from services.core.domain.assessment import Assessment, assess
from services.core.photos.photo import Photo, prepare
from services.core.vision.answer import parse_observation

_PHOTO = (480, 360)
# Seeds that neither training, calibration nor the other figures use.
_GOODS, _STRANGERS, _SEVERAL = 900_000, 950_000, 980_000
_BACKDROP = (206, 200, 190)


def reliance(model: Path, count: int, examples: Path) -> dict[str, float]:
    """The shares of drawn goods that are named and judged, and of photos that must not be and are not.

    `count` goods are drawn, half as many strangers, and a quarter as many of each other kind of photo.
    """
    inference, goods = handlers(), load(DRAWN)
    loaded = inference.model_fn(str(model))
    found: dict[str, list[tuple[Assessment, Drawing | None]]] = defaultdict(list)
    for group, picture, drawing in _pictures(count, examples):
        photo = prepare(_jpeg(picture), group)
        answer: dict[str, Any] = predict(inference, loaded, [_opened(photo)])
        body = json.dumps(answer).encode()
        seen = parse_observation(body, 1, goods, 0)
        found[group].append((assess(seen, [photo.flaws], goods), drawing))
    figures = _of_goods(found.pop("goods"))
    for group, reports in sorted(found.items()):
        # A blurred photo may show what a thing is.
        figures[f"{group}_not_assessed"] = _share(
            one.condition.score is None and (group == "blurred" or one.product.material == "unknown")
            for one, _ in reports
        )
    return figures


def _of_goods(reports: list[tuple[Assessment, Drawing | None]]) -> dict[str, float]:
    known = [(one, drawing) for one, drawing in reports if drawing is not None]
    clean = [drawing for one, drawing in known if one.condition.score == 10]
    with_material = [pair for pair in known if pair[0].product.material != "unknown"]
    return {
        "goods_named": _share(one.product.type != "unknown" for one, _ in known),
        "goods_named_right": _share(
            one.product.type == drawing.type for one, drawing in known if one.product.type != "unknown"
        ),
        "goods_material_right": _share(
            one.product.material == drawing.material for one, drawing in with_material
        ),
        "goods_assessed": _share(one.condition.score is not None for one, _ in known),
        "goods_called_several": _share("several_things" in one.confidence.reasons for one, _ in known),
        "no_wear_claimed_right": _share(not drawing.wear for drawing in clean),
    }


def _pictures(count: int, examples: Path) -> Iterator[tuple[str, Image.Image, Drawing | None]]:
    strangers = list(OUT_OF_DISTRIBUTION)
    for seed in range(_GOODS, _GOODS + count):
        drawing = draw(seed, _PHOTO, aspect=_PHOTO[0] / _PHOTO[1], outliers=0)
        yield "goods", drawing.image, drawing
        if seed % 4 == 0:
            yield "dark", ImageEnhance.Brightness(drawing.image).enhance(0.15), None
            yield "blurred", drawing.image.filter(ImageFilter.GaussianBlur(8)), None
    for number in range(count // 2):
        kind = strangers[number % len(strangers)]
        stranger = draw(_STRANGERS + number, _PHOTO, aspect=_PHOTO[0] / _PHOTO[1], out_of_distribution=kind)
        yield "strangers", stranger.image, None
    for number in range(count // 4):
        yield "several", _several(_SEVERAL + number, 2 + number % 3), None
        level = np.random.default_rng(number).integers(0, 256, 3)
        yield "blank", Image.new("RGB", _PHOTO, tuple(int(one) for one in level)), None
        noise = np.random.default_rng(number).integers(0, 256, (*_PHOTO[::-1], 3), dtype=np.uint8)
        yield "noise", Image.fromarray(noise), None
    for file in sorted(examples.glob("real-*.jpg")):
        yield "real", Image.open(file).convert("RGB"), None


def _several(seed: int, count: int) -> Image.Image:
    """Different goods beside each other on one backdrop."""
    rng = np.random.default_rng(seed)
    pixels = np.ones((*_PHOTO[::-1], 3)) * np.array(_BACKDROP) * np.linspace(1, 0.9, _PHOTO[1])[:, None, None]
    width, height = _PHOTO[0] // 2, _PHOTO[1] // (1 if count == 2 else 2)
    for place, kind in enumerate(rng.choice(list(SHAPES), count, replace=False)):
        one = draw(seed * 10 + place, (width, height), aspect=width / height, type=str(kind))
        left, top = (place % 2) * width, (place // 2) * height
        there = one.regions > 0
        pixels[top : top + height, left : left + width][there] = np.asarray(one.image)[there]
    return Image.fromarray(np.clip(pixels + rng.normal(0, 2, pixels.shape), 0, 255).astype(np.uint8))


def _jpeg(picture: Image.Image) -> bytes:
    out = BytesIO()
    picture.save(out, "JPEG", quality=92)
    return out.getvalue()


def _opened(photo: Photo) -> Image.Image:
    return Image.open(BytesIO(photo.model_jpeg))


def _share(of: Iterable[bool]) -> float:
    found = list(of)
    return round(sum(found) / max(1, len(found)), 4)
