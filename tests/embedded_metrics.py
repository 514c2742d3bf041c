"""Reads the embedded metrics of a log line as CloudWatch does.

The limits are those of the page "Specification: Embedded metric format" of the CloudWatch user guide.
"""

import json
import re
from typing import Any

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
