from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import catalogue
from model_artifacts.blip2.tools.calibration.measuring import Measured
from model_artifacts.blip2.tools.calibration.questions import measured
from model_artifacts.blip2.tools.calibration.reliability import bins, diagram
from tests.model_artifacts.blip2.tools.calibration.made import MadeSet


def test_bins_hold_what_was_claimed_and_true() -> None:
    p = np.repeat([0.15, 0.85], 500)

    low, high = bins(p, np.arange(1000) % 10 < np.where(p < 0.5, 3, 8))

    assert (low.p, low.share, high.p, high.share) == pytest.approx((0.15, 0.3, 0.85, 0.8))
    # By hand: (0.3 + 0.003842 ± 1.96 √(0.00042 + 0.00000384)) / 1.007683.
    assert (low.low, low.high) == pytest.approx((0.2615, 0.3416), abs=1e-4)


def test_certain_and_single_claims_have_bins() -> None:
    found = bins(np.array([0.0, 1.0]), np.array([False, True]))

    assert [(one.p, one.share) for one in found] == [(0.0, 0.0), (1.0, 1.0)]
    assert all(0 <= one.low <= one.high <= 1 for one in found)


def test_diagram_is_a_picture_of_both_curves() -> None:
    goods = catalogue.load(catalogue.DRAWN)

    for one in measured(MadeSet(goods).add(300, Path()).products, goods, 0.9):
        if isinstance(one, Measured):
            root = ElementTree.fromstring(diagram(one))  # noqa: S314 - our own picture
            assert len(root.findall("{*}polyline")) == 2
            width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
            for circle in root.iter("{*}circle"):
                assert 0 <= float(circle.attrib["cx"]) <= width
                assert 0 <= float(circle.attrib["cy"]) <= height
