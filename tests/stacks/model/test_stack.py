"""The model stack: container, role, scaling, deployment, and what a change of the settings does."""

import functools
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import pytest
from cfnlint.schema import PROVIDER_SCHEMA_MANAGER

from model_artifacts.blip2.instances import has_local_disk
from model_artifacts.blip2.tools.packaging import fingerprint
from settings.environment import load_environment
from stacks.app import ROOT
from stacks.constructs.async_io import AsyncIoResources
from stacks.model.container import ContainerError
from stacks.model.stack import DEMO, ModelStack
from stacks.storage.stack import StorageStack
from tests.stacks.reading import before, named, text
from tests.stacks.test_permissions import listed

OWN = "models/" + 64 * "a" + "/blip2-endpoint.tar.gz"
IMAGE = "111122223333.dkr.ecr.us-east-1.amazonaws.com/shop/blip2@sha256:" + 64 * "b"
ASLEEP = {"mode": "async", "min_instances": 0, "max_instances": 2}
POLICY, CANARY = "AWS::IAM::Policy", "CanaryRole"
Resources = dict[str, dict[str, Any]]


@functools.cache
def _templates(name: str, changes: str) -> dict[str, str]:
    settings = load_environment(name)
    model = settings.model.model_validate(settings.model.model_dump() | json.loads(changes))
    settings = settings.model_copy(update={"model": model})
    context = json.loads((ROOT / "cdk.json").read_text())["context"] | {"aws:cdk:bundling-stacks": []}
    place = cdk.Environment(region=settings.region)
    with tempfile.TemporaryDirectory() as folder:
        app = cdk.App(outdir=folder, context=context)
        storage = StorageStack(
            app, "storage", environment_name=name, retention_days=7, keep_data=settings.keep_data, env=place
        )
        results = cdk.Stack(app, "results", env=place)
        async_io = AsyncIoResources(results, "Exchange", environment_name=name)
        ModelStack(app, "model", settings=settings, artifacts=storage.artifacts, async_io=async_io, env=place)
        app.synth()
        return {one: (Path(folder) / f"{one}.template.json").read_text() for one in ("model", "results")}


def resources(name: str, **changes: Any) -> Resources:
    """Return the model stack's resources for a realtime endpoint and these changes of [model]."""
    return _read("model", name, changes)


def async_io_resources(name: str, **changes: Any) -> Resources:
    """Return the async inference resources of the results stack."""
    return _read("results", name, changes)


def _read(stack: str, name: str, changes: dict[str, Any]) -> Resources:
    always_on = {"mode": "realtime", "min_instances": 1}
    found: Resources = json.loads(_templates(name, json.dumps(always_on | changes))[stack])["Resources"]
    return found


def of(found: Resources, kind: str) -> list[dict[str, Any]]:
    return [one["Properties"] for one in found.values() if one["Type"] == f"AWS::{kind}"]


def only(found: Resources, kind: str) -> dict[str, Any]:
    (properties,) = of(found, kind)
    return properties


def policy(found: Resources, role: str = "Role") -> str:
    """Return the logical id of the policy of the endpoint's role, or of that of a canary."""
    (name,) = (name for name, one in found.items() if name.startswith(role) and one["Type"] == POLICY)
    return name


def statements(found: Resources, action: str, role: str = "Role") -> list[dict[str, Any]]:
    """Return the statements of a role that hold `action`."""
    held = found[policy(found, role)]["Properties"]["PolicyDocument"]["Statement"]
    return [one for one in held if action in listed(one["Action"])]


def allowed_actions(found: Resources, role: str = "Role") -> set[str]:
    held = found[policy(found, role)]["Properties"]["PolicyDocument"]["Statement"]
    return {action for one in held for action in listed(one["Action"])}


@pytest.mark.parametrize(
    ("instance_type", "device"), [("ml.m5.large", "cpu"), ("ml.t2.medium", "cpu"), ("ml.g4dn.xlarge", "gpu")]
)
def test_container_follows_the_definition(instance_type: str, device: str) -> None:
    found = resources("prod", instance_type=instance_type, max_instances=1)
    container = only(found, "SageMaker::Model")["PrimaryContainer"]
    account = "763104351884.dkr.ecr.ca-central-1.amazonaws.com"
    assert container["Image"] == f"{account}/pytorch-inference:2.6-{device}-py312"
    assert container["Environment"]["SAGEMAKER_PROGRAM"] == "inference.py"
    assert container["Environment"]["SAGEMAKER_TS_MAX_WORKERS"] == "1"


def test_container_names_environment_and_version() -> None:
    archive = f"models/{'0123456789abcdef' * 4}/blip2-endpoint.tar.gz"
    container = only(resources("prod", artifact=archive), "SageMaker::Model")["PrimaryContainer"]
    assert container["Environment"]["ENVIRONMENT"] == "prod"
    assert container["Environment"]["VERSION"] == "0123456789ab"


def test_synthesis_never_imports_the_sdk() -> None:
    # In a separate process: other tests import the SDK.
    asked = "import stacks.model.stack, sys; sys.exit('sagemaker' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", asked], check=False).returncode == 0


def test_demo_archive_is_a_hashed_asset() -> None:
    url = text(only(resources("dev"), "SageMaker::Model")["PrimaryContainer"]["ModelDataUrl"])
    assert url.startswith("s3://cdk-hnb659fds-assets-")
    assert url.endswith(".gz")
    assert url == text(only(resources("prod"), "SageMaker::Model")["PrimaryContainer"]["ModelDataUrl"])


def test_own_artifact_comes_from_its_bucket() -> None:
    found = resources("prod", artifact=OWN)
    url = text(only(found, "SageMaker::Model")["PrimaryContainer"]["ModelDataUrl"])
    assert url.startswith("s3://storage:ExportsOutputRefArtifacts")
    assert url.endswith(f"/{OWN}")
    (read,) = statements(found, "s3:GetObject")
    assert text(read["Resource"]).endswith(f"/{OWN}")
    (decrypt,) = statements(found, "kms:Decrypt")
    assert text(decrypt["Resource"]).startswith("storage:ExportsOutputFnGetAttKey")


def test_own_image_alone_may_be_pulled() -> None:
    found = resources("prod", image_uri=IMAGE)
    assert only(found, "SageMaker::Model")["PrimaryContainer"]["Image"] == IMAGE
    (pull,) = statements(found, "ecr:BatchGetImage")
    assert text(pull["Resource"]) == "arn:AWS::Partition:ecr:us-east-1:111122223333:repository/shop/blip2"


def test_ami_version_comes_from_the_settings() -> None:
    version = "al2023-ami-sagemaker-inference-gpu-4-1"
    for changes, expected in (({}, None), ({"inference_ami_version": version}, version)):
        config = only(resources("prod", **changes), "SageMaker::EndpointConfig")
        (variant,) = config["ProductionVariants"]
        assert variant.get("InferenceAmiVersion") == expected


def test_image_outside_ecr_is_refused() -> None:
    with pytest.raises(ContainerError, match=r"ghcr.io/shop/blip2:1 is in no ECR repository"):
        resources("prod", image_uri="ghcr.io/shop/blip2:1")


def test_role_has_exactly_these_actions() -> None:
    realtime = allowed_actions(resources("dev"))
    assert realtime == {
        *("ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"),
        *(
            "ecr:GetAuthorizationToken",
            "cloudwatch:PutMetricData",
            "cloudwatch:DescribeAlarms",
            "s3:GetObject",
        ),
        *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
    }
    assert allowed_actions(resources("dev", **ASLEEP, instance_type="ml.g4dn.xlarge")) == realtime | {
        *("s3:PutObject", "s3:AbortMultipartUpload", "sns:Publish", "kms:Decrypt", "kms:GenerateDataKey")
    }


def test_role_reads_the_rollback_alarms() -> None:
    found = resources("prod")
    (see,) = statements(found, "cloudwatch:DescribeAlarms")
    assert {one["Fn::GetAtt"][0] for one in see["Resource"]} == rollback_alarms(found)


def rollback_alarms(found: Resources) -> set[str]:
    """Return the logical ids of the alarms that roll a version back; the others watch the instances."""
    named = {name for name, one in found.items() if one["Type"] == "AWS::CloudWatch::Alarm"}
    return {name for name in named if name.startswith(("Errors", "Latency"))}


def test_scaled_endpoint_retains_instance_count() -> None:
    def kept(**changes: Any) -> bool:
        return bool(only(resources("prod", **changes), "SageMaker::Endpoint")["RetainAllVariantProperties"])

    assert kept(min_instances=1, max_instances=2)
    assert not kept(min_instances=2, max_instances=2)


def test_metrics_are_limited_to_namespaces() -> None:
    (metrics,) = statements(resources("prod"), "cloudwatch:PutMetricData")
    allowed = metrics["Condition"]["StringEquals"]["cloudwatch:namespace"]
    assert set(allowed) == {"AWS/SageMaker", "/aws/sagemaker/Endpoints"}


def test_policy_precedes_the_model() -> None:
    found = resources("prod")
    assert before(found, policy(found), named(found, "SageMaker::Model"))


def test_dependencies_precede_the_endpoint() -> None:
    found = resources("prod")
    for one in (endpoint_log(found), named(found, "SageMaker::EndpointConfig")):
        assert before(found, one, named(found, "SageMaker::Endpoint")), one


def test_endpoint_is_between_its_alarms() -> None:
    found = resources("prod")
    endpoint = named(found, "SageMaker::Endpoint")
    assert len(rollback_alarms(found)) == 2
    for name in rollback_alarms(found):
        assert before(found, name, endpoint), name
    # An endpoint without its instances is no fault while it is created.
    (instances,) = (name for name in found if name.startswith("Instances"))
    assert before(found, endpoint, instances)


def test_scaling_follows_the_endpoint() -> None:
    found = resources("prod", **ASLEEP)
    endpoint = named(found, "SageMaker::Endpoint")
    target = named(found, "ApplicationAutoScaling::ScalableTarget")
    assert before(found, endpoint, target)
    policies = [one for one in found if found[one]["Type"].endswith("::ScalingPolicy")]
    assert len(policies) == 4
    assert all(before(found, target, one) for one in policies)


def test_startup_timeouts_allow_large_archives() -> None:
    (variant,) = only(resources("prod"), "SageMaker::EndpointConfig")["ProductionVariants"]
    assert variant["ModelDataDownloadTimeoutInSeconds"] >= 600
    assert variant["ContainerStartupHealthCheckTimeoutInSeconds"] >= 600


def test_only_the_endpoint_is_named() -> None:
    found = resources("prod")
    assert only(found, "SageMaker::Endpoint")["EndpointName"] == "blip2-endpoint"
    assert "ModelName" not in only(found, "SageMaker::Model")
    assert "EndpointConfigName" not in only(found, "SageMaker::EndpointConfig")


def test_new_artifact_keeps_the_endpoint() -> None:
    one, other = (resources("prod", artifact=OWN), resources("prod", artifact=OWN.replace("a" * 9, "c" * 9)))
    # The old role is deleted at the end: until then the old instances read the old archive.
    assert {one[name]["Type"] for name in one.keys() - other.keys()} == {"AWS::IAM::Role", "AWS::IAM::Policy"}
    changed = {name for name in one.keys() & other.keys() if one[name] != other[name]}
    kinds = {one[name]["Type"].removeprefix("AWS::") for name in changed}
    assert kinds == {"SageMaker::Model", "SSM::Parameter"}
    # A replaced model has a new name, so the configuration is replaced, and the endpoint switches to it.
    assert "PrimaryContainer" in create_only("AWS::SageMaker::Model")
    assert "ProductionVariants" in create_only("AWS::SageMaker::EndpointConfig")
    assert create_only("AWS::SageMaker::Endpoint") == {"EndpointName"}


def create_only(kind: str) -> set[str]:
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema("ca-central-1", kind).schema
    return {path.removeprefix("/properties/") for path in schema.get("createOnlyProperties", [])}


def test_alarms_roll_a_version_back() -> None:
    found = resources("prod")
    deployment = only(found, "SageMaker::Endpoint")["DeploymentConfig"]
    used = {text(one["AlarmName"]) for one in deployment["AutoRollbackConfiguration"]["Alarms"]}
    assert used == rollback_alarms(found)
    bounds = {found[name]["Properties"]["Threshold"] for name in used}
    alarms = load_environment("prod").alarms
    assert bounds == {alarms.error_percent, alarms.p95_latency_ms * 1000}
    for name in used:
        assert found[name]["Properties"]["TreatMissingData"] == "notBreaching"
    policy = deployment["BlueGreenUpdatePolicy"]
    waits = policy["TerminationWaitInSeconds"]
    waits += policy["TrafficRoutingConfiguration"]["WaitIntervalInSeconds"]
    assert policy["MaximumExecutionTimeoutInSeconds"] > waits + 2 * 1200


@pytest.mark.parametrize(
    ("mode", "metrics"),
    [
        ("realtime", {"Invocation5XXErrors", "Invocations"}),
        ("async", {"InvocationFailures", "InvocationsProcessed"}),
    ],
)
def test_failure_metrics_match_the_mode(mode: str, metrics: set[str]) -> None:
    found = resources("prod", mode=mode)
    (errors,) = (found[name]["Properties"] for name in rollback_alarms(found) if name.startswith("Errors"))
    used = [one["MetricStat"]["Metric"] for one in errors["Metrics"] if "MetricStat" in one]
    assert {one["MetricName"] for one in used} == metrics


def test_realtime_endpoint_scales_by_requests() -> None:
    found = resources("prod")
    model = load_environment("prod").model
    target = only(found, "ApplicationAutoScaling::ScalableTarget")
    assert target["ResourceId"] == f"endpoint/{model.endpoint_name}/variant/AllTraffic"
    assert (target["MinCapacity"], target["MaxCapacity"]) == (1, model.max_instances)
    policy = only(found, "ApplicationAutoScaling::ScalingPolicy")
    metric = policy["TargetTrackingScalingPolicyConfiguration"]["PredefinedMetricSpecification"]
    assert metric["PredefinedMetricType"] == "SageMakerVariantInvocationsPerInstance"
    assert only(found, "SageMaker::Endpoint")["RetainAllVariantProperties"] is True


def test_async_endpoint_scales_from_zero() -> None:
    found = resources("prod", **ASLEEP)
    assert only(found, "ApplicationAutoScaling::ScalableTarget")["MinCapacity"] == 0
    policies = {one["PolicyName"]: one for one in of(found, "ApplicationAutoScaling::ScalingPolicy")}
    assert policies.keys() == {"FollowBacklog", "Wake", "Sleep", "Shrink"}
    tracked = policies["FollowBacklog"]["TargetTrackingScalingPolicyConfiguration"]
    assert tracked["CustomizedMetricSpecification"]["MetricName"] == "ApproximateBacklogSizePerInstance"
    # Its backlog is short under any number of fast requests too.
    assert tracked["DisableScaleIn"] is True
    waiting = scales(found, "Waiting", "Wake")
    assert waiting["MetricName"] == "HasBacklogWithoutCapacity"


def scales(found: Resources, alarm: str, policy: str) -> dict[str, Any]:
    """Return the alarm that carries out a policy, and nothing else."""
    one: dict[str, Any]
    (one,) = (found[name]["Properties"] for name in found if name.startswith(alarm))
    assert [text(action) for action in one["AlarmActions"]] == [policy]
    assert "OKActions" not in one
    return one


@pytest.mark.parametrize(
    ("policy", "alarm", "kind", "adjustment"),
    [
        ("Wake", "Waiting", "ExactCapacity", 1),
        ("Sleep", "Idle", "ExactCapacity", 0),
        ("Shrink", "Spare", "ChangeInCapacity", -1),
    ],
)
def test_alarm_changes_the_instances(policy: str, alarm: str, kind: str, adjustment: int) -> None:
    found = resources("prod", **ASLEEP)
    scales(found, alarm, policy)
    declared = {one["PolicyName"]: one for one in of(found, "ApplicationAutoScaling::ScalingPolicy")}
    step = declared[policy]["StepScalingPolicyConfiguration"]
    assert step["AdjustmentType"] == kind
    assert step["StepAdjustments"] == [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": adjustment}]


@pytest.mark.parametrize("alarm", ["Idle", "Spare"])
def test_scaling_value_is_the_first_metric(alarm: str) -> None:
    # Auto Scaling shows the first metric of an alarm as the one that its steps are compared with.
    (one,) = (r["Properties"] for name, r in resources("prod", **ASLEEP).items() if name.startswith(alarm))
    assert "Expression" in one["Metrics"][0]


def test_one_instance_at_most_only_wakes_and_sleeps() -> None:
    found = resources("prod", **{**ASLEEP, "max_instances": 1})
    policies = of(found, "ApplicationAutoScaling::ScalingPolicy")
    assert {one["PolicyName"] for one in policies} == {"Wake", "Sleep"}


def test_new_version_of_a_sleeping_endpoint_starts_awake() -> None:
    found = resources("prod", **ASLEEP)
    # A new version starts with an instance even if the old one has none.
    assert only(found, "SageMaker::Endpoint")["RetainAllVariantProperties"] is False
    (variant,) = only(found, "SageMaker::EndpointConfig")["ProductionVariants"]
    assert variant["InitialInstanceCount"] == 1


def test_async_minimum_needs_no_wake_policy() -> None:
    found = resources("prod", **{**ASLEEP, "min_instances": 1})
    policy = only(found, "ApplicationAutoScaling::ScalingPolicy")
    assert policy["PolicyName"] == "FollowBacklog"
    assert "DisableScaleIn" not in policy["TargetTrackingScalingPolicyConfiguration"]


def test_single_instance_is_not_scaled() -> None:
    found = resources("dev")
    assert of(found, "SageMaker::Endpoint")
    assert not [one for one in found.values() if "AutoScaling" in one["Type"]]


def test_async_endpoint_notifies_both_topics() -> None:
    found = resources("dev", **ASLEEP, instance_type="ml.g4dn.xlarge")
    output = only(found, "SageMaker::EndpointConfig")["AsyncInferenceConfig"]["OutputConfig"]
    notified = {text(output["NotificationConfig"][one]) for one in ("SuccessTopic", "ErrorTopic")}
    declared = async_io_resources("dev", **ASLEEP)
    topics = [name for name, one in declared.items() if one["Type"] == "AWS::SNS::Topic"]
    assert len(notified) == len(topics) == 2
    assert all(any(topic in import_ for import_ in notified) for topic in topics)
    (publish,) = statements(found, "sns:Publish")
    assert {text(one) for one in publish["Resource"]} == notified
    assert "AsyncInferenceConfig" not in only(resources("dev"), "SageMaker::EndpointConfig")


def test_async_answers_expire_after_a_day() -> None:
    found = resources("dev", **ASLEEP, instance_type="ml.g4dn.xlarge")
    output = only(found, "SageMaker::EndpointConfig")["AsyncInferenceConfig"]["OutputConfig"]
    paths = {text(output[one]).rpartition("/")[2] for one in ("S3OutputPath", "S3FailurePath")}
    (write,) = statements(found, "s3:PutObject")
    assert {text(one).split("/")[1] for one in write["Resource"]} == paths == {"answers", "failures"}
    (rule,) = only(async_io_resources("dev", **ASLEEP), "S3::Bucket")["LifecycleConfiguration"]["Rules"]
    assert rule["ExpirationInDays"] == 1


def test_topics_and_bucket_are_encrypted() -> None:
    found = async_io_resources("prod", **ASLEEP)
    key = named(found, "KMS::Key")
    assert all(text(topic["KmsMasterKeyId"]) == key for topic in of(found, "SNS::Topic"))
    (rule,) = only(found, "S3::Bucket")["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    assert text(rule["ServerSideEncryptionByDefault"]["KMSMasterKeyID"]) == key
    (use,) = statements(resources("prod", **ASLEEP), "kms:GenerateDataKey")
    assert key in text(use["Resource"])
    for policy in of(found, "SNS::TopicPolicy"):
        (refused,) = policy["PolicyDocument"]["Statement"]
        assert refused["Effect"] == "Deny"
        assert refused["Condition"] == {"Bool": {"aws:SecureTransport": "false"}}


def test_disk_key_is_set_where_allowed() -> None:
    found = resources("dev")
    key = named(async_io_resources("dev"), "KMS::Key")
    assert key in text(only(found, "SageMaker::EndpointConfig")["KmsKeyId"])
    on_nvme = resources("prod", instance_type="ml.g4dn.xlarge")
    assert "KmsKeyId" not in only(on_nvme, "SageMaker::EndpointConfig")
    assert not of(on_nvme, "KMS::Key")


@pytest.mark.parametrize(
    ("instance_type", "local"),
    [
        *((f"ml.{family}.xlarge", False) for family in ("c6i", "m5", "c7g", "t2", "m7i-flex", "p3", "inf2")),
        *((f"ml.{family}.xlarge", True) for family in ("g4dn", "g5", "g6", "g6e", "m5d", "c6gd", "p4d")),
        *((f"ml.{family}.48xlarge", True) for family in ("p4de", "p5", "p5en", "p6-b200", "trn1n")),
    ],
)
def test_local_disks_are_known(instance_type: str, local: bool) -> None:
    assert has_local_disk(instance_type) is local


def test_data_capture_is_off() -> None:
    for found in (resources("prod"), resources("prod", **ASLEEP)):
        assert "DataCaptureConfig" not in only(found, "SageMaker::EndpointConfig")


@pytest.mark.parametrize("changes", [{}, ASLEEP])
def test_pause_removes_endpoint_and_alarms(changes: dict[str, Any]) -> None:
    running, paused = resources("prod", **changes), resources("prod", **changes, paused=True)
    gone = {running[name]["Type"] for name in running.keys() - paused.keys()}
    assert gone == {
        "AWS::SageMaker::Endpoint",
        "AWS::CloudWatch::Alarm",
        "AWS::ApplicationAutoScaling::ScalableTarget",
        "AWS::ApplicationAutoScaling::ScalingPolicy",
    }
    # The role's policy changes too: it no longer reads the alarms.
    kept = {name for name, resource in paused.items() if resource["Type"] != "AWS::IAM::Policy"}
    assert all(running[name] == paused[name] for name in kept)
    assert not [one for one in paused.values() if one["Type"] in gone]


def test_isolated_container_brings_its_packages() -> None:
    assert only(resources("dev"), "SageMaker::Model")["EnableNetworkIsolation"] is False
    found = only(resources("dev", network_isolation=True), "SageMaker::Model")
    assert found["EnableNetworkIsolation"] is True
    digest = fingerprint(DEMO, with_packages=True)
    assert digest != fingerprint(DEMO)
    other = only(resources("dev"), "SageMaker::Model")["PrimaryContainer"]["ModelDataUrl"]
    assert found["PrimaryContainer"]["ModelDataUrl"] != other


def endpoint_log(found: Resources, name: str = "blip2-endpoint") -> str:
    """Return the logical id of the log that SageMaker writes for an endpoint of this name."""
    (log,) = (
        one
        for one, resource in found.items()
        if resource["Properties"].get("LogGroupName") == f"/aws/sagemaker/Endpoints/{name}"
    )
    return log


def test_log_retention_is_set() -> None:
    found, days = resources("prod"), load_environment("prod").log_retention_days
    assert found[endpoint_log(found)]["Properties"]["RetentionInDays"] == days
    canary = found[endpoint_log(found, "blip2-endpoint-canary")]
    assert canary["Properties"]["RetentionInDays"] == 7


@pytest.mark.parametrize("changes", [{}, ASLEEP, {"artifact": OWN}, {"paused": True}])
def test_canary_role_reads_any_archive(changes: dict[str, Any]) -> None:
    found = resources("prod", **changes)
    (read,) = statements(found, "s3:GetObject", CANARY)
    assert re.fullmatch(r"storage:ExportsOutputFnGetAttArtifacts\w+/models/\*", text(read["Resource"]))
    (decrypt,) = statements(found, "kms:Decrypt", CANARY)
    assert text(decrypt["Resource"]).startswith("storage:ExportsOutputFnGetAttKey")
    (write,) = statements(found, "logs:PutLogEvents", CANARY)
    assert write["Resource"]["Fn::GetAtt"][0] == endpoint_log(found, "blip2-endpoint-canary")
    assert allowed_actions(found, CANARY) == {
        *("ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"),
        *("ecr:GetAuthorizationToken", "cloudwatch:PutMetricData", "s3:GetObject", "kms:Decrypt"),
        *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:DescribeLogStreams", "logs:PutLogEvents"),
    }


def test_canary_role_outlives_archives() -> None:
    # GitHub's role imports it, and a release starts its canary by the role of the deployment before.
    first, second = resources("prod"), resources("prod", artifact=OWN, paused=True)
    name = next(one for one in first if one.startswith(CANARY) and first[one]["Type"] == "AWS::IAM::Role")
    assert first[name] == second[name]
    assert first[policy(first, CANARY)] == second[policy(second, CANARY)]


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_model_stack_retains_nothing(name: str) -> None:
    for one, resource in resources(name, **ASLEEP, instance_type="ml.g4dn.xlarge").items():
        assert resource.get("DeletionPolicy", "Delete") == "Delete", one
