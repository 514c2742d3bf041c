"""The metrics of the services, in CloudWatch's embedded metric format (EMF): fields of a line that is logged.

CloudWatch Logs reads them from the lines of Lambda functions and of the awslogs driver. Each name with the
one dimension is a custom metric that is billed by the month, so the list stays below 15.
"""

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
    # Reports in which the kind or the material stayed below its threshold.
    "LowScores": "Count",
    "LlmTokens": "Count",
    "CostUsd": "None",
    # From the sending of a job message to its receipt.
    "QueueAge": "Seconds",
    # Inferences that waited for an endpoint which had scaled to zero.
    "ColdWakes": "Count",
    # Answers with a status of 500 or more.
    "ServerErrors": "Count",
}


def embedded(values: Mapping[MetricName, float], at_ms: int) -> dict[str, Any]:
    """Return the fields that make a line carry `values`, measured at `at_ms` (milliseconds since 1970)."""
    directive = {
        "Namespace": NAMESPACE,
        "Dimensions": [[DIMENSION]],
        "Metrics": [{"Name": name, "Unit": UNITS[name]} for name in values],
    }
    return {"_aws": {"Timestamp": at_ms, "CloudWatchMetrics": [directive]}, **values}
