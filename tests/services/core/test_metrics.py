"""The embedded metrics, read as CloudWatch reads them.

The limits are those of the page "Specification: Embedded metric format" of the CloudWatch user guide.
"""

import json
import logging
import re
from typing import Any, get_args

import pytest

from services.core.log_lines import SCHEMA, LineFormatter
from services.core.metrics import NAMESPACE, UNITS, MetricName
from tests.log_lines import faults

# The units of MetricDatum that this system could use, of CloudWatch's API reference.
ALLOWED_UNITS = {"Seconds", "Microseconds", "Milliseconds", "Bytes", "Percent", "Count", "None"}
MOST_METRICS, MOST_DIMENSIONS, MOST_VALUES, LONGEST_NAME = 100, 30, 100, 1024


def extracted(line: str) -> dict[str, tuple[float, str, tuple[str, ...]]]:
    """The metrics of a line: value, unit and the values of the dimensions; raises AssertionError."""
    root: dict[str, Any] = json.loads(line)
    if "_aws" not in root:
        return {}
    metadata = root["_aws"]
    assert isinstance(metadata["Timestamp"], int)
    assert 1_600_000_000_000 < metadata["Timestamp"] < 4_000_000_000_000, "milliseconds since 1970"
    found = {}
    for directive in metadata["CloudWatchMetrics"]:
        assert re.fullmatch(r"[A-Za-z0-9._/#:-]{1,1024}", directive["Namespace"])
        assert len(directive["Metrics"]) <= MOST_METRICS
        (dimensions,) = directive["Dimensions"]
        assert len(dimensions) <= MOST_DIMENSIONS
        targets = tuple(root[name] for name in dimensions)
        assert all(isinstance(target, str) and 0 < len(target) <= LONGEST_NAME for target in targets)
        for metric in directive["Metrics"]:
            assert metric["Unit"] in ALLOWED_UNITS
            assert 0 < len(metric["Name"]) <= LONGEST_NAME
            value = root[metric["Name"]]
            values = value if isinstance(value, list) else [value]
            assert 0 < len(values) <= MOST_VALUES
            assert all(isinstance(each, int | float) and not isinstance(each, bool) for each in values)
            found[metric["Name"]] = (value, metric["Unit"], targets)
    return found


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
    assert len(UNITS) < 15
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
