"""A deleted alarm is a loss only where what it watches stays, and may still make it start."""

from typing import Any

from ops.diff.alarms import judge_alarms
from ops.diff.templates import ResourceChange, StackChange

TOPIC = "arn:aws:sns:eu-west-1:123456789012:alarms"
TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"


def went(kind: str, name: str, **properties: Any) -> ResourceChange:
    return ResourceChange(name, kind, "WILL_DESTROY", (), {"Type": kind, "Properties": properties}, None)


def alarm(
    name: str = "Alarm", metric: str = "Errors", watched: Any = "jobs", acts: Any = TOPIC
) -> ResourceChange:
    dimensions = [{"Name": "FunctionName", "Value": watched}]
    metrics = [{"MetricStat": {"Metric": {"MetricName": metric, "Dimensions": dimensions}}}]
    return went("AWS::CloudWatch::Alarm", name, AlarmActions=[acts], Metrics=metrics)


def capacity(old: int, new: int) -> ResourceChange:
    before, after = ({"Type": TARGET, "Properties": {"MinCapacity": one}} for one in (old, new))
    return ResourceChange("Scaling", TARGET, "WILL_UPDATE", (), before, after)


def found(*resources: ResourceChange) -> list[tuple[str, str]]:
    told = judge_alarms("stack", StackChange(resources), ())
    return [(one.subject.partition(" ")[0], one.happens) for one in told]


def test_alarm_of_what_stays_is_missed() -> None:
    assert found(alarm()) == [("stack/Alarm", "is deleted: nobody is told when it would start")]
    assert found(alarm(acts={"Ref": "Wake"})) == [
        ("stack/Alarm", "is deleted: Wake does not act when it would start")
    ]


def test_alarm_goes_along_with_what_it_watches() -> None:
    assert found(alarm(watched={"Ref": "Jobs"}), went("AWS::Lambda::Function", "Jobs")) == []
    assert found(alarm(), went("AWS::Lambda::Function", "F", FunctionName="jobs")) == []


def test_alarm_goes_along_with_its_metric() -> None:
    # SageMaker: 1 where requests wait and the endpoint has no instance, which one with a minimum always has.
    waits = alarm(metric="HasBacklogWithoutCapacity", watched="endpoint")
    assert found(waits, capacity(0, 1)) == []
    assert len(found(waits, capacity(1, 2))) == 1
    assert len(found(alarm(), capacity(0, 1))) == 1


def test_composite_alarm_goes_along_with_its_parts() -> None:
    rule = {"Fn::Sub": "ALARM(${One}) AND ALARM(${Other})"}
    both = went("AWS::CloudWatch::CompositeAlarm", "Both", AlarmActions=[TOPIC], AlarmRule=rule)
    one, other = alarm("One", watched={"Ref": "Jobs"}), alarm("Other", watched={"Ref": "Jobs"})
    assert found(both, one, other, went("AWS::Lambda::Function", "Jobs")) == []
    assert [name for name, _ in found(both, one, other)] == ["stack/Both", "stack/One", "stack/Other"]
    # One of its parts stays.
    gone = went("AWS::Lambda::Function", "Jobs")
    assert [name for name, _ in found(both, one, gone)] == ["stack/Both"]
