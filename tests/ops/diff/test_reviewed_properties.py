"""Changes that a reviewer must not miss, one property each, by what the services document."""

from dataclasses import replace
from typing import Any

import pytest

from ops.diff.consequences import SEVERITIES, Severity
from ops.diff.rules import judge_properties
from tests.ops.diff.test_rules import change

ORIGINS = {"Items": [{"Header": "x-a", "Value": "a"}, {"Header": "x-b", "Value": "b"}]}
TLS = {"Certificates": [{}], "SslPolicy": "ELBSecurityPolicy-TLS13-1-2-2021-06"}
SAFE = "default-src 'none'; connect-src https://api.example"
WEB: dict[str, Any] = {"Name": "web", "ReadonlyRootFilesystem": True}
REF, FOREIGN = {"Ref": "Listener"}, "https://evil.example"
ANSWERS: dict[str, Any] = {"SuccessTopic": "one", "ErrorTopic": "other"}


def containers(*listed: dict[str, Any]) -> dict[str, Any]:
    return {"ContainerDefinitions": list(listed)}


def calling(address: str, name: str = "LLM_BASE_URL") -> dict[str, Any]:
    return WEB | {"Environment": [{"Name": name, "Value": address}]}


def overwriting(value: str) -> dict[str, Any]:
    return {"RequestParameters": {"overwrite:header.x-user-id": value}}


def in_subnets(*subnets: str) -> dict[str, Any]:
    return {"NetworkConfiguration": {"AwsvpcConfiguration": {"Subnets": list(subnets)}}}


def headers(**config: Any) -> dict[str, Any]:
    return {"ResponseHeadersPolicyConfig": {"SecurityHeadersConfig": config}}


def csp(text: Any) -> dict[str, Any]:
    return headers(ContentSecurityPolicy={"ContentSecurityPolicy": text})


def distribution(**config: Any) -> dict[str, Any]:
    return {"DistributionConfig": config}


def certificate(version: str) -> dict[str, Any]:
    return distribution(Aliases=["a.example"], ViewerCertificate={"MinimumProtocolVersion": version})


def redriven(count: int) -> dict[str, Any]:
    return {"RedrivePolicy": {"maxReceiveCount": count}}


def filtered(*patterns: str) -> dict[str, Any]:
    return {"FilterCriteria": {"Filters": [{"Pattern": one} for one in patterns]}}


def replicas(*regions: str) -> dict[str, Any]:
    return {"Replicas": [{"Region": one, "DeletionProtectionEnabled": True} for one in regions]}


def told_of(**output: Any) -> dict[str, Any]:
    return {"AsyncInferenceConfig": {"OutputConfig": output}}


@pytest.mark.parametrize(
    ("kind", "old", "new", "severity"),
    [
        # Data, its keys and its copies.
        ("DynamoDB::GlobalTable", replicas("a", "b"), replicas("b"), "data loss"),
        ("DynamoDB::GlobalTable", replicas("b"), replicas("a", "b"), None),
        ("DynamoDB::GlobalTable", {"TimeToLiveSpecification": {"Enabled": True}}, {}, "note"),
        ("S3::Bucket", {"LifecycleConfiguration": {"Rules": []}}, {}, "note"),
        ("S3::Bucket", {"CorsConfiguration": {}}, {}, "interruption"),
        ("KMS::Key", {}, {"Enabled": False}, "interruption"),
        ("SNS::Topic", {"KmsMasterKeyId": "one"}, {"KmsMasterKeyId": "two"}, "note"),
        ("Logs::LogGroup", {}, {"LogGroupClass": "INFREQUENT_ACCESS"}, "interruption"),
        ("Logs::LogGroup", {}, {"LogGroupClass": "STANDARD"}, None),
        ("SSM::Parameter", {"Type": "String"}, {"Type": "StringList"}, "interruption"),
        ("SSM::Parameter", {"Name": "/a"}, None, "interruption"),
        # Messages and events.
        ("SQS::Queue", redriven(10), redriven(6), "note"),
        ("SQS::Queue", redriven(10), redriven(2), "interruption"),
        ("SQS::Queue", {}, {"MaximumMessageSize": 1024}, "interruption"),
        ("SNS::Subscription", {}, {"FilterPolicy": {"a": ["b"]}}, "interruption"),
        ("SNS::Subscription", {"RawMessageDelivery": True}, {}, "interruption"),
        ("Lambda::EventSourceMapping", {}, {"FilterCriteria": {"Filters": [{}]}}, "interruption"),
        ("Lambda::EventSourceMapping", None, {"FilterCriteria": {"Filters": [{}]}}, None),
        ("Lambda::EventSourceMapping", filtered("a", "b"), filtered("b"), "interruption"),
        ("Lambda::EventSourceMapping", filtered("b"), filtered("a", "b"), None),
        ("Lambda::EventSourceMapping", filtered("a"), {}, "note"),
        # -1, which a stream has without a word: retried until it expires.
        ("Lambda::EventSourceMapping", {}, {"MaximumRetryAttempts": 0}, "weaker protection"),
        ("Lambda::EventSourceMapping", {}, {"MaximumRetryAttempts": -1}, None),
        ("Events::Rule", {"Targets": [{"Id": "a"}]}, {"Targets": []}, "interruption"),
        # Functions and containers.
        ("Lambda::Function", {"Timeout": 120}, {"Timeout": 60}, "note"),
        ("Lambda::Function", {"LoggingConfig": {"LogGroup": "a"}}, {}, "weaker protection"),
        ("Lambda::Function", {"Role": "one"}, {"Role": "two"}, "weaker protection"),
        ("ECS::TaskDefinition", containers(WEB), containers({"Name": "side"}, WEB), None),
        ("ECS::TaskDefinition", containers(WEB), containers({"Name": "web"}), "weaker protection"),
        ("ECS::TaskDefinition", containers(WEB), containers({"Name": "side", "Image": "x"}, WEB), "note"),
        (
            "ECS::TaskDefinition",
            containers(WEB | {"LogConfiguration": {}}),
            containers(WEB),
            "weaker protection",
        ),
        ("ECS::TaskDefinition", {"TaskRoleArn": "one"}, {"TaskRoleArn": "two"}, "weaker protection"),
        ("ECS::Service", {}, {"DeploymentConfiguration": {"MaximumPercent": 100}}, "interruption"),
        (
            "ECS::TaskDefinition",
            containers(WEB),
            containers(calling("https://b.example")),
            "weaker protection",
        ),
        ("SNS::Subscription", {"Endpoint": "one"}, {"Endpoint": "two"}, "interruption"),
        ("SNS::Subscription", None, {"Endpoint": "https://a.example"}, "note"),
        # The way from the internet to the service. Without a scheme, a load balancer is public.
        ("ElasticLoadBalancingV2::LoadBalancer", None, {}, "weaker protection"),
        ("ElasticLoadBalancingV2::LoadBalancer", None, {"Scheme": "internal"}, None),
        (
            "ElasticLoadBalancingV2::TargetGroup",
            {"HealthCheckPath": "/a"},
            {"HealthCheckPath": "/"},
            "interruption",
        ),
        ("ElasticLoadBalancingV2::Listener", TLS, {"Certificates": [{}]}, "weaker protection"),
        (
            "ElasticLoadBalancingV2::Listener",
            TLS,
            TLS | {"SslPolicy": "ELBSecurityPolicy-TLS13-1-3-2021-06"},
            None,
        ),
        # Without a certificate there is no TLS: the protocol tells that.
        ("ElasticLoadBalancingV2::Listener", TLS, {}, None),
        ("CloudFront::Distribution", certificate("TLSv1.2_2021"), certificate("TLSv1"), "weaker protection"),
        ("CloudFront::Distribution", certificate("TLSv1.2_2021"), certificate("TLSv1.2_2025"), None),
        (
            "CloudFront::Distribution",
            distribution(Aliases=["a", "b"]),
            distribution(Aliases=["b"]),
            "interruption",
        ),
        (
            "CloudFront::Distribution",
            distribution(WebACLId="a"),
            distribution(WebACLId="b"),
            "weaker protection",
        ),
        ("CloudFront::ResponseHeadersPolicy", csp(SAFE), csp("default-src *"), "weaker protection"),
        ("CloudFront::ResponseHeadersPolicy", csp(SAFE), csp(f"{SAFE} 'unsafe-eval'"), "weaker protection"),
        (
            "CloudFront::ResponseHeadersPolicy",
            csp(SAFE),
            csp({"Fn::Join": ["", [SAFE, " https:"]]}),
            "weaker protection",
        ),
        ("CloudFront::ResponseHeadersPolicy", csp(SAFE), csp(f"{SAFE} https://*.b.example"), "note"),
        (
            "CloudFront::ResponseHeadersPolicy",
            {"ResponseHeadersPolicyConfig": {"CustomHeadersConfig": ORIGINS}},
            {"ResponseHeadersPolicyConfig": {"CustomHeadersConfig": {"Items": ORIGINS["Items"][1:]}}},
            "weaker protection",
        ),
        ("ApiGatewayV2::Api", {}, {"CorsConfiguration": {"AllowOrigins": ["https://a.example"]}}, "note"),
        ("ApiGatewayV2::Route", {"AuthorizerId": "one"}, {"AuthorizerId": "two"}, "weaker protection"),
        (
            "ApiGatewayV2::Stage",
            {"DefaultRouteSettings": {"ThrottlingRateLimit": 50}},
            {"DefaultRouteSettings": {"ThrottlingRateLimit": 0}},
            "interruption",
        ),
        (
            "ApiGatewayV2::Stage",
            {"DefaultRouteSettings": {"ThrottlingRateLimit": 50}},
            {"DefaultRouteSettings": {"ThrottlingRateLimit": 9000}},
            "note",
        ),
        # The model.
        ("SageMaker::EndpointConfig", told_of(NotificationConfig=ANSWERS), told_of(), "interruption"),
        (
            "SageMaker::EndpointConfig",
            {"ProductionVariants": [{"VariantName": "All"}]},
            {"ProductionVariants": [{"VariantName": "Other"}]},
            "interruption",
        ),
        (
            "SageMaker::EndpointConfig",
            {},
            {"DataCaptureConfig": {"EnableCapture": True}},
            "weaker protection",
        ),
        # Where requests, photos and reports go.
        (
            "ApiGatewayV2::Integration",
            {"IntegrationUri": REF},
            {"IntegrationUri": FOREIGN},
            "weaker protection",
        ),
        ("ApiGatewayV2::Integration", None, {"IntegrationUri": FOREIGN}, "weaker protection"),
        ("ApiGatewayV2::Integration", None, {"IntegrationUri": REF}, None),
        ("ApiGatewayV2::Integration", None, overwriting("$request.path"), None),
        ("ApiGatewayV2::Integration", None, overwriting("admin"), "weaker protection"),
        (
            "ApiGatewayV2::Integration",
            overwriting("$request.path"),
            overwriting("admin"),
            "weaker protection",
        ),
        (
            "ECS::TaskDefinition",
            containers(calling("https://a.example", "SUPABASE_URL")),
            containers(calling("https://b.example", "SUPABASE_URL")),
            "weaker protection",
        ),
        (
            "ECS::TaskDefinition",
            containers(calling("ours", "IMAGE_BUCKET")),
            containers(calling("theirs", "IMAGE_BUCKET")),
            "weaker protection",
        ),
        ("SSM::Parameter", {"Value": REF}, {"Value": "theirs"}, "weaker protection"),
        ("SSM::Parameter", {"Value": "1"}, {"Value": "2"}, "note"),
        ("EC2::Route", {"GatewayId": REF}, None, "interruption"),
        ("EC2::VPCGatewayAttachment", {}, None, "interruption"),
        ("ECS::Service", in_subnets("a", "b"), in_subnets("b", "c"), "interruption"),
        ("ECS::Service", in_subnets("a", "b"), in_subnets("b", "a"), None),
        ("SNS::Topic", {}, None, "weaker protection"),
        ("SNS::Topic", {"TopicName": "one"}, {"TopicName": "two"}, "weaker protection"),
        ("SNS::Topic", {"TopicName": "one"}, {}, "weaker protection"),
        # Who is told.
        ("CloudWatch::Alarm", {"Namespace": "one"}, {"Namespace": "two"}, "note"),
        ("CloudWatch::Alarm", {}, {"Unit": "Seconds"}, "note"),
        ("CloudWatch::Alarm", {"AlarmActions": ["one"]}, {"AlarmActions": ["two"]}, "weaker protection"),
        ("CloudWatch::Alarm", {"AlarmActions": ["one"]}, {"AlarmActions": ["two", "one"]}, None),
        ("CloudWatch::Alarm", {"EvaluationPeriods": 1}, {"EvaluationPeriods": 9}, "note"),
        ("Budgets::Budget", {"NotificationsWithSubscribers": [{}]}, {}, "weaker protection"),
        ("EC2::FlowLog", {"TrafficType": "REJECT"}, {"TrafficType": "ACCEPT"}, "weaker protection"),
    ],
)
def test_change_has_its_severity(kind: str, old: Any, new: Any, severity: Severity | None) -> None:
    found = {one.severity for one in judge_properties("stack", change(kind, old, new))}
    assert next((one for one in SEVERITIES if one in found), None) == severity


def test_place_is_named() -> None:
    (one,) = judge_properties("stack", change("DynamoDB::GlobalTable", replicas("a", "b"), replicas("b")))
    assert one.happens == "the table's copy in a is deleted with its rows"


def test_condition_may_delete() -> None:
    one = change("S3::Bucket", {}, {})
    (found,) = judge_properties("stack", replace(one, new={**(one.new or {}), "Condition": "IsProd"}))
    assert found.happens == "it is deleted where IsProd does not hold"
