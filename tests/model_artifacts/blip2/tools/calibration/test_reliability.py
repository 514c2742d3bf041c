from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

import numpy as np

import catalogue
from model_artifacts.blip2.tools.calibration.measuring import Measured
from model_artifacts.blip2.tools.calibration.questions import measured
from model_artifacts.blip2.tools.calibration.reliability import bins, diagram
from tests.model_artifacts.blip2.tools.calibration.made import MadeSet


def test_bins_hold_what_was_claimed_and_true() -> None:
    p = np.repeat([0.2, 0.8], 500)
    found = bins(p, np.arange(1000) % 10 < np.where(p < 0.5, 3, 8))

    assert [one.p for one in found] == [0.2] * 5 + [0.8] * 5 or np.allclose([one.p for one in found], p[::100])
    assert np.allclose([one.share for one in found], [0.3] * 5 + [0.8] * 5)
    assert all(one.low < one.share < one.high for one in found)


def test_fewer_photos_than_bins_are_drawn() -> None:
    assert len(bins(np.array([0.5, 0.6]), np.array([True, False]))) == 2


def test_diagram_is_a_picture_of_both_curves() -> None:
    goods = catalogue.load(catalogue.DRAWN)
    results = [one for one in measured(MadeSet(goods).add(300, Path()).products, goods, 0.9)]

    for one in results:
        if isinstance(one, Measured):
            root = ElementTree.fromstring(diagram(one))  # noqa: S314 - our own picture
            assert len(root.findall("{*}polyline")) == 2
            width, height = (float(part) for part in root.attrib["viewBox"].split()[2:])
            for circle in root.iter("{*}circle"):
                assert 0 <= float(circle.attrib["cx"]) <= width
                assert 0 <= float(circle.attrib["cy"]) <= height
