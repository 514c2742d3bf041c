"""The embedded metrics, read as CloudWatch reads them."""

import logging
from typing import get_args

import pytest

from benchmarks.log_lines import faults
from services.core.log_lines import SCHEMA, LineFormatter
from services.core.metrics import NAMESPACE, UNITS, MetricName
from tests.embedded_metrics import extracted


def line_of(**metrics: float) -> str:
    formatter = LineFormatter({"service": "jobs", "environment": "shop", "version": "1"}, lambda: None)
    record = logging.makeLogRecord({"name": "services.x", "msg": "report ended", "metrics": metrics})
    return formatter.format(record)


def test_metrics_are_extracted() -> None:
    line = line_of(ReportLatency=8123.4, ReportsSucceeded=1)
    assert extracted(line) == {
        "ReportLatency": (8123.4, "Milliseconds", ("shop",)),
        "ReportsSucceeded": (1, "Count", ("shop",)),
    }
    assert list(faults(line)) == []


def test_all_metrics_fit_one_line() -> None:
    line = line_of(**dict.fromkeys(get_args(MetricName), 1.0))
    assert set(extracted(line)) == set(UNITS) == set(get_args(MetricName))
    assert list(faults(line)) == []
    assert len(line) < 256_000


def test_list_stays_cheap() -> None:
    # Each name is billed by the month, once for each set of dimensions.
    assert len(UNITS) <= 17
    assert NAMESPACE == "Vitrine"


def test_schema_allows_the_metrics() -> None:
    assert {name for name in SCHEMA["properties"] if name[0].isupper()} == set(UNITS)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_unfinite_value_is_left_out(value: float) -> None:
    line = line_of(CostUsd=value, LlmTokens=3)
    assert set(extracted(line)) == {"LlmTokens"}
    assert "NaN" not in line


def test_line_without_metrics_has_no_envelope() -> None:
    assert extracted(line_of()) == {}
