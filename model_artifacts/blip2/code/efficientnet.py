"""A BLIP-2 whose vision tower is an EfficientNet-Lite0 that classifies photographs.

transformers hard-codes the vision tower's class. Here the tower ends with its classifier: the Q-Former reads
the probabilities of kinds of goods, not a map of features. It looks at each photo three times: at the whole,
which the processor squeezes into a square; at its middle square as it is; and nearer, at what speaks for the
likeliest class of the whole. Batch normalisation is folded into the convolutions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F  # noqa: N812 - PyTorch's own convention
from transformers import Blip2ForConditionalGeneration
from transformers.modeling_outputs import BaseModelOutputWithPooling

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL import Image

ARCHITECTURE = "Blip2OnEfficientNet"
"""What `architectures` of config.json says of such a model."""
CLASSES, FEATURES = 1000, 1280
FLOOR = 1e-4
"""Added to a probability before its logarithm."""
VIEWS = 2
VIEW_SCALE = 2
"""How many times larger the side of a view is than that of what the network looks at."""
_SPEAKS = 0.5
_STEM = 32
# Kernel, stride, expansion, channels, repeats: the stages of EfficientNet-Lite0.
_STAGES = (
    (3, 1, 1, 16, 1),
    (3, 2, 6, 24, 2),
    (5, 2, 6, 40, 2),
    (3, 2, 6, 80, 3),
    (5, 1, 6, 112, 3),
    (5, 2, 6, 192, 4),
    (3, 1, 6, 320, 1),
)


class Blip2OnEfficientNet(Blip2ForConditionalGeneration):  # type: ignore[no-untyped-call]
    """BLIP-2 with this vision tower; `vision_config.hidden_size` is twice the number of shares."""

    def __init__(self, config: Any) -> None:
        super().__init__(config)
        self.vision_model = EfficientNetTower(config.vision_config.hidden_size // 2)


class Views:
    """An image processor that gives the tower the views of each photo: (photos, views, 3, height, width).

    They are `VIEW_SCALE` times as large as what the network looks at, so that it can look nearer; loading
    checks that the processor gives that size.
    """

    def __init__(self, whole: Any) -> None:
        self._whole = whole

    def __call__(self, images: Sequence[Image.Image], **options: Any) -> Any:
        """What the processor of whole photos gives for the views."""
        found = self._whole(images=[view for photo in images for view in (photo, middle(photo))], **options)
        found["pixel_values"] = found["pixel_values"].unflatten(0, (-1, VIEWS))
        return found


def middle(photo: Image.Image) -> Image.Image:
    """The square in the middle of a photo, as wide as its shorter side."""
    side = min(photo.size)
    left, top = ((whole - side) // 2 for whole in photo.size)
    return photo.crop((left, top, left + side, top + side))


class EfficientNetTower(nn.Module):
    """Photographs as the shares of `kinds` groups of classes: one token of log p, scaled to 0–1, and p."""

    def __init__(self, kinds: int) -> None:
        super().__init__()
        self.stem = _Convolution(3, _STEM, 3, 2)
        blocks: list[_Block] = []
        width = _STEM
        for kernel, stride, expansion, channels, repeats in _STAGES:
            for number in range(repeats):
                blocks.append(_Block(width, channels, kernel, 1 if number else stride, expansion))
                width = channels
        self.blocks = nn.ModuleList(blocks)
        self.head = _Convolution(width, FEATURES, 1, 1)
        self.classifier = nn.Linear(FEATURES, CLASSES)
        self.groups = nn.Linear(CLASSES, kinds, bias=False)
        """Which classes make up a kind: 1 where they do; the last row is of all others."""

    def forward(self, pixel_values: Tensor, **_: Any) -> BaseModelOutputWithPooling:
        """The token of each photo: (photos, views, 3, height, width) to (photos, 1, 2 kinds)."""
        shares = self.groups(self.class_shares(pixel_values))
        return BaseModelOutputWithPooling(last_hidden_state=token(shares), pooler_output=shares)

    def class_shares(self, pixels: Tensor) -> Tensor:
        """The probability of each of the network's classes: (photos, classes).

        The looks are pooled by the logarithm, so that they have to agree.
        """
        maps = self._features(F.avg_pool2d(pixels.flatten(0, 1), VIEW_SCALE))
        maps = maps.view(len(pixels), VIEWS, *maps.shape[1:])
        logits = self.classifier(maps.mean((3, 4)))
        nearer = self._features(self._nearer(pixels[:, 0], maps[:, 0], logits[:, 0]))
        looks = torch.cat([logits, self.classifier(nearer.mean((2, 3)))[:, None]], dim=1)
        return looks.float().mean(1).softmax(-1).to(pixels.dtype)

    def _nearer(self, whole: Tensor, maps: Tensor, logits: Tensor) -> Tensor:
        """What speaks for the likeliest class, half as large as the whole: (photos, 3, height, width).

        It is the square around all cells of the map that do so at least half as much as the one which does
        most, with half a cell around it: the whole again, if the thing fills the photo.
        """
        weight = self.classifier.weight
        speaks = torch.einsum("nchw,nc->nhw", maps, weight[logits.argmax(-1)] - weight.mean(0))
        speaks = speaks.float().clamp(min=0)
        there = speaks >= _SPEAKS * speaks.amax((1, 2), keepdim=True)
        (left, right), (top, bottom) = (_bounds(there.any(at)) for at in (1, 2))
        side = torch.maximum(right - left, bottom - top).clamp(max=2)
        middle = [
            ((first + last) / 2).clamp(side / 2 - 1, 1 - side / 2)
            for first, last in ((left, right), (top, bottom))
        ]
        theta = torch.zeros(len(whole), 2, 3, device=whole.device)
        for axis, at in enumerate(middle):
            theta[:, axis, axis], theta[:, axis, 2] = side / 2, at
        shape = (len(whole), 3, whole.shape[2] // VIEW_SCALE, whole.shape[3] // VIEW_SCALE)
        grid = F.affine_grid(theta, list(shape), align_corners=False)
        return F.grid_sample(whole.float(), grid, padding_mode="border", align_corners=False).to(whole.dtype)

    def _features(self, pixels: Tensor) -> Tensor:
        values = F.relu6(self.stem(pixels))
        for block in self.blocks:
            values = block(values)
        return F.relu6(self.head(values))


def _bounds(there: Tensor) -> tuple[Tensor, Tensor]:
    """The ends of the first and the last of these cells, from -1 to 1, with half a cell around.

    (photos, cells) to two of (photos,).
    """
    cells = there.shape[1]
    numbers = torch.arange(cells, device=there.device)
    first = torch.where(there, numbers, cells).amin(1)
    last = torch.where(there, numbers, -1).amax(1)
    return (first - 0.5) * 2 / cells - 1, (last + 1.5) * 2 / cells - 1


def token(shares: Tensor) -> Tensor:
    """The vision tower's one token of shares: (pictures, kinds) to (pictures, 1, 2 kinds)."""
    log_p = (shares.float() + FLOOR).log()
    lowest = torch.tensor(FLOOR).log()
    return torch.cat([(1 - log_p / lowest).to(shares.dtype), shares], dim=-1)[:, None]


class _Block(nn.Module):
    """An inverted bottleneck: widened, filtered in each channel, narrowed."""

    def __init__(self, width: int, channels: int, kernel: int, stride: int, expansion: int) -> None:
        super().__init__()
        inner = width * expansion
        self.expand = _Convolution(width, inner, 1, 1) if expansion > 1 else None
        self.depthwise = _Convolution(inner, inner, kernel, stride, groups=inner)
        self.project = _Convolution(inner, channels, 1, 1)
        self.skips = stride == 1 and width == channels

    def forward(self, values: Tensor) -> Tensor:
        inner = values if self.expand is None else F.relu6(self.expand(values))
        narrow: Tensor = self.project(F.relu6(self.depthwise(inner)))
        return values + narrow if self.skips else narrow


class _Convolution(nn.Conv2d):
    """A convolution with TensorFlow's padding, whose larger half is at the right and the bottom."""

    def __init__(self, width: int, channels: int, kernel: int, stride: int, groups: int = 1) -> None:
        super().__init__(width, channels, kernel, stride, groups=groups)
        before = (kernel - stride) // 2
        self._padding = (before, kernel - stride - before) * 2

    def forward(self, input: Tensor) -> Tensor:  # noqa: A002 - the name of the base class
        return super().forward(F.pad(input, self._padding) if any(self._padding) else input)
