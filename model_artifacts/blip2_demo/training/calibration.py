"""Fits the temperature of a choice and the Platt scaling of a wear tag, and measures calibration."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch import Tensor
from torch.nn import functional as F  # noqa: N812 - PyTorch's own convention

if TYPE_CHECKING:
    from collections.abc import Callable


def temperature(shares: Tensor, truth: Tensor) -> float:
    """The temperature, at least 1, that maximises the likelihood of `truth`; `shares` are uncalibrated.

    If nearly all answers are right, the optimum is far below 1 and would make answers about unfamiliar
    pictures certain, so the temperature may only soften.
    """
    log_shares = shares.clamp(min=1e-12).log()
    scale = torch.zeros(1, requires_grad=True)
    _minimise([scale], lambda: F.cross_entropy(log_shares / scale.exp(), truth))
    return max(1.0, scale.exp().item())


def platt(margins: Tensor, truth: Tensor) -> tuple[float, float]:
    """The slope and offset for log p(yes) - log p(no) that maximise the likelihood of `truth` (0 or 1)."""
    slope, offset = torch.ones(1, requires_grad=True), torch.zeros(1, requires_grad=True)
    _minimise([slope, offset], lambda: F.binary_cross_entropy_with_logits(margins * slope + offset, truth))
    return slope.item(), offset.item()


def _minimise(parameters: list[Tensor], loss: Callable[[], Tensor]) -> None:
    optimizer = torch.optim.LBFGS(parameters, max_iter=200, line_search_fn="strong_wolfe")

    def step() -> Tensor:
        optimizer.zero_grad()
        value = loss()
        value.backward()  # type: ignore[no-untyped-call]
        return value

    optimizer.step(step)  # type: ignore[no-untyped-call]


def calibration_error(confidence: Tensor, right: Tensor, bins: int = 15) -> float:
    """Expected calibration error over bins of equal mass."""
    order = confidence.argsort()
    gaps = [
        len(part) * abs(float(confidence[part].mean() - right[part].float().mean()))
        for part in order.tensor_split(bins)
    ]
    return sum(gaps) / len(confidence)
