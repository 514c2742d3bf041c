"""A drain that stopped is told of; one that never spoke, or was switched off, is not."""

import logging
from datetime import UTC, datetime, timedelta

import pytest

from services.logs import silence
from services.logs.silence import Arrivals, is_silent
from tests.services.logs.conftest import BUCKET, Path
from tests.services.logs.events import console

NOW = datetime.now(UTC)


@pytest.mark.parametrize(
    ("after", "silent"),
    [
        (timedelta(minutes=1), False),
        (timedelta(hours=23, minutes=59), False),
        (timedelta(hours=24, minutes=1), True),
        (timedelta(days=6, hours=23), True),
        (timedelta(days=7, minutes=1), False),
    ],
)
def test_silence_lasts_from_a_day_to_a_week(path: Path, after: timedelta, silent: bool) -> None:
    arrivals = Arrivals(path.s3, BUCKET)
    assert not is_silent(arrivals, NOW)
    path.send([console()])
    assert is_silent(arrivals, datetime.now(UTC) + after) is silent


def test_hourly_line_carries_the_metric(
    path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(silence, "_start", lambda: Arrivals(path.s3, BUCKET))
    with caplog.at_level(logging.INFO, "services.logs"):
        silence.handle({}, None)
    (line,) = [vars(record) for record in caplog.records if record.name == "services.logs.silence"]
    assert (line["outcome"], line["metrics"]) == ("done", {"DrainSilent": 0})
