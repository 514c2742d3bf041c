from __future__ import annotations

import pytest
import torch

from model_artifacts.blip2_demo.training import calibration


def test_temperature_corrects_overconfidence() -> None:
    torch.manual_seed(0)
    logits = torch.randn(4000, 5) * 2
    truth = logits.softmax(-1).multinomial(1).squeeze(1)

    assert calibration.temperature((logits * 3).softmax(-1), truth) == pytest.approx(3, rel=0.15)


def test_platt_scaling_fits_the_line() -> None:
    torch.manual_seed(0)
    margins = torch.randn(6000, dtype=torch.double) * 3
    truth = torch.bernoulli((0.5 * margins - 1).sigmoid())

    slope, offset = calibration.platt(margins, truth)

    assert slope == pytest.approx(0.5, abs=0.08)
    assert offset == pytest.approx(-1, abs=0.12)


def test_calibration_error_is_the_gap() -> None:
    confidence = torch.full((1000,), 0.9)
    right = torch.arange(1000) % 10 < 6

    assert calibration.calibration_error(confidence, right) == pytest.approx(0.3, abs=0.03)
