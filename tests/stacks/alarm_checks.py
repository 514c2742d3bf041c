"""What is wrong with the alarms and dashboards of templates: actions, runbook sections, metrics."""

import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from services.core.metrics import DIMENSION, NAMESPACE, UNITS
from settings.environment import Environment
from settings.naming import alarm_topic_name
from tests.stacks.assemblies import Assembly
from tests.stacks.reading import text

ROWS: list[dict[str, Any]] = tomllib.loads(Path(__file__).with_name("aws_metrics.toml").read_text("utf-8"))[
    "metric"
]
ALARM, COMPOSITE = "AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm"
STATISTIC = re.compile(r"Average|Maximum|Minimum|SampleCount|Sum|p\d{1,2}(\.\d+)?|TC\((\d*):(\d*)\)")
Resources = Mapping[str, dict[str, Any]]


class Metric(NamedTuple):
    """A metric as an alarm, dashboard or scaling policy names it."""

    where: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...]
    statistic: str


def resources_of(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """Return every resource of every stack by "stack/logical id"."""
    return {
        f"{stack}/{name}": resource
        for stack in sorted(assembly.stacks)
        for name, resource in assembly.template(stack)["Resources"].items()
    }


def alarms(resources: Resources) -> dict[str, dict[str, Any]]:
    """Return the properties of every alarm, composite ones too."""
    kinds = (ALARM, COMPOSITE)
    return {name: one["Properties"] for name, one in resources.items() if one["Type"] in kinds}


def topic_of(settings: Environment) -> str:
    """Return the ARN of the topic on which an environment's alarms act, as `text` reads it."""
    own = f"arn:aws:sns:{settings.region}:AWS::AccountId:{alarm_topic_name(settings.name)}"
    return settings.alarms.notified_topic or own


def silent(resources: Resources, topic: str) -> list[str]:
    """Return the alarms whose start or end reaches neither `topic` nor a composite alarm that does."""
    found = alarms(resources)
    told = {
        name
        for name, one in found.items()
        if all(topic in map(text, one.get(key, ())) for key in ("AlarmActions", "OKActions"))
    }
    parts = {
        f"{name.partition('/')[0]}/{part}"
        for name in told
        if resources[name]["Type"] == COMPOSITE
        for part in rule_parts(found[name])
    }
    return sorted(found.keys() - told - parts - _waking(resources))


def rule_parts(composite: Mapping[str, Any]) -> list[str]:
    """Return the logical ids of the alarms in a rule that joins them by AND."""
    rule = text(composite["AlarmRule"])
    parts = re.findall(r'ALARM\("(\w+)"\)', rule)
    assert " AND ".join(f'ALARM("{part}")' for part in parts) == rule
    return parts


def _waking(resources: Resources) -> set[str]:
    # An alarm that starts an instance is no news.
    found = set()
    for name, one in alarms(resources).items():
        stack = name.partition("/")[0]
        acts = [resources.get(f"{stack}/{text(action)}", {}) for action in one.get("AlarmActions", ())]
        if acts and all(act.get("Type") == "AWS::ApplicationAutoScaling::ScalingPolicy" for act in acts):
            found.add(name)
    return found


def without_runbook(resources: Resources, runbook: str) -> list[str]:
    """Return the alarms whose description does not end in a section that says what to do first."""
    first = {anchor for anchor, section in sections(runbook).items() if "**First:**" in section}
    pattern = re.compile(r".+: docs/operations\.md#([\w-]+)")
    missing = []
    for name, one in alarms(resources).items():
        named = pattern.fullmatch(one.get("AlarmDescription", ""))
        if named is None or named[1] not in first:
            missing.append(name)
    return missing


def sections(document: str) -> dict[str, str]:
    """Return the sections of a Markdown document by the anchors that GitHub gives their headings."""
    parts = re.split(r"^#+ (.+)$", document, flags=re.MULTILINE)[1:]
    return {
        re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-"): body
        for heading, body in zip(parts[::2], parts[1::2], strict=True)
    }


def unknown_metrics(resources: Resources, environment: str) -> list[Metric]:
    """Return the metrics that neither AWS nor our services publish as they are named."""
    return [one for one in metrics(resources) if not _is_published(one, environment)]


def metrics(resources: Resources) -> Iterator[Metric]:
    """Yield every metric that an alarm, a dashboard or a scaling policy names."""
    for where, resource in resources.items():
        properties = resource.get("Properties", {})
        match resource["Type"]:
            case "AWS::CloudWatch::Alarm":
                yield from _of_alarm(where, properties)
            case "AWS::CloudWatch::Dashboard":
                yield from _of_dashboard(where, properties)
            case "AWS::ApplicationAutoScaling::ScalingPolicy":
                tracking = properties.get("TargetTrackingScalingPolicyConfiguration", {})
                if (own := tracking.get("CustomizedMetricSpecification")) is not None:
                    yield _metric(where, own, own["Statistic"])


def _of_alarm(where: str, properties: Mapping[str, Any]) -> Iterator[Metric]:
    if "MetricName" in properties:
        statistic = properties.get("Statistic") or properties["ExtendedStatistic"]
        yield _metric(where, properties, statistic)
    for query in properties.get("Metrics", ()):
        if "MetricStat" in query:
            yield _metric(where, query["MetricStat"]["Metric"], query["MetricStat"]["Stat"])


def _metric(where: str, named: Mapping[str, Any], statistic: str) -> Metric:
    dimensions = sorted((one["Name"], _value(one["Value"])) for one in named.get("Dimensions", ()))
    return Metric(where, named["Namespace"], named["MetricName"], tuple(dimensions), statistic)


def _of_dashboard(where: str, properties: Mapping[str, Any]) -> Iterator[Metric]:
    for widget in json.loads(_value(properties["DashboardBody"]))["widgets"]:
        default: list[Any] = []
        for row in widget["properties"].get("metrics", ()):
            options = row[-1] if isinstance(row[-1], dict) else {}
            names = [one for one in row if isinstance(one, str)]
            if not names:
                continue  # an expression
            # "." repeats the value of the row above; CDK writes them out.
            assert "." not in names
            default = list(zip(names[2::2], names[3::2], strict=True))
            statistic = options.get("stat", "Average")
            yield Metric(where, names[0], names[1], tuple(sorted(default)), statistic)


def _value(value: Any) -> str:
    if isinstance(value, dict) and "Fn::Select" in value:
        return f"selected from {value['Fn::Select'][1]}".replace('"', "'")
    if isinstance(value, dict) and "Fn::Join" in value:
        return str(value["Fn::Join"][0]).join(_value(one) for one in value["Fn::Join"][1])
    return text(value)


def _is_published(metric: Metric, environment: str) -> bool:
    if STATISTIC.fullmatch(metric.statistic) is None:
        return False
    if metric.namespace == NAMESPACE:
        return metric.name in UNITS and metric.dimensions == ((DIMENSION, environment),)
    return any(
        (metric.namespace, tuple(name for name, _ in metric.dimensions))
        == (row["namespace"], tuple(sorted(row["dimensions"])))
        and metric.name in row["names"]
        and metric.statistic in row["statistics"]
        and all(value for _, value in metric.dimensions)
        for row in ROWS
    )
