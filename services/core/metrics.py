"""The metrics of the services, in CloudWatch's embedded metric format (EMF): fields of a line that is logged.

CloudWatch Logs reads them from the lines of Lambda functions and of the awslogs driver. Each name with the
one dimension is a custom metric that is billed by the month, so the list stays at 17 or below.
"""

import math
from collections.abc import Mapping
from typing import Any, Literal

MetricName = Literal[
    "ReportLatency",
    "DecodeLatency",
    "ModelLatency",
    "NarrateLatency",
    "StoreLatency",
    "ReportsSucceeded",
    "ReportsFailed",
    "ReportsTemplated",
    "LowScores",
    "LlmTokens",
    "CostUsd",
    "QueueAge",
    "ColdWakes",
    "ServerErrors",
    "EdgeLogsWritten",
    "EdgeLogsDropped",
    "DrainSilent",
]
Unit = Literal["Milliseconds", "Seconds", "Count", "None"]

NAMESPACE = "Vitrine"
# A field of every line: its value is the environment's name.
DIMENSION = "environment"
UNITS: Mapping[MetricName, Unit] = {
    # From acceptance to the end: one value for each report that ends.
    "ReportLatency": "Milliseconds",
    "DecodeLatency": "Milliseconds",
    "ModelLatency": "Milliseconds",
    "NarrateLatency": "Milliseconds",
    "StoreLatency": "Milliseconds",
    "ReportsSucceeded": "Count",
    "ReportsFailed": "Count",
    # Reports whose text the template wrote instead of the LLM.
    "ReportsTemplated": "Count",
    # Reports in which the kind, the material or the wear stayed below its threshold.
    "LowScores": "Count",
    "LlmTokens": "Count",
    "CostUsd": "None",
    # Of a queue's message: from when it could be received to its first receipt.
    "QueueAge": "Seconds",
    # Reports whose model took minutes, as an endpoint does that starts from zero instances.
    "ColdWakes": "Count",
    # Answers with a status of 500 or more.
    "ServerErrors": "Count",
    # Events of Edge Functions that were written, and those that could not be.
    "EdgeLogsWritten": "Count",
    "EdgeLogsDropped": "Count",
    # 1 while no event of a drain arrives, else 0: one value an hour.
    "DrainSilent": "None",
}

# Those of services/logs alone, which not every environment has.
OF_EDGE_LOGS: frozenset[MetricName] = frozenset({"EdgeLogsWritten", "EdgeLogsDropped", "DrainSilent"})


def embedded(values: Mapping[MetricName, float], at_ms: int) -> dict[str, Any]:
    """Return the fields by which a line carries `values`, measured at `at_ms` (milliseconds since 1970).

    A value that is not finite is left out.
    """
    finite = {name: value for name, value in values.items() if math.isfinite(value)}
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [[DIMENSION]],
        "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in finite],
    }
    envelope = {"Timestamp": at_ms, "CloudWatchMetrics": [directive]}
    return {"_aws": envelope, **{str(name): value for name, value in finite.items()}}
