"""How the service runs: its tasks, its load balancer, and how one task gives way to the next."""

import json
import tomllib
from typing import Any

import aws_cdk as cdk

from services.analyze.app import api
from services.analyze.settings import Settings
from settings.environment import FOLDER, Environment
from stacks.analyze.task import HEALTH_PATH, PORT
from stacks.app import build
from stacks.synthesis import ROOT
from tests.stacks.conftest import Assembly

DOCKERFILE = (ROOT / "services" / "analyze" / "Dockerfile").read_text()


def definition(assembly: Assembly) -> dict[str, Any]:
    return assembly.only("analyze", "ECS::TaskDefinition")


def container(assembly: Assembly) -> dict[str, Any]:
    (only,) = definition(assembly)["ContainerDefinitions"]
    return dict(only)


def attributes(assembly: Assembly, kind: str) -> dict[str, str]:
    """Return the attributes of the stack's one load balancer or target group."""
    properties = assembly.only("analyze", f"ElasticLoadBalancingV2::{kind}")
    return {one["Key"]: one["Value"] for one in properties[f"{kind}Attributes"]}


def test_a_task_has_the_size_of_the_settings_on_arm(aws: Assembly) -> None:
    found, size = definition(aws), aws.settings.service
    assert (found["Cpu"], found["Memory"]) == (str(size.cpu_units), str(size.memory_mb))
    assert found["RuntimePlatform"] == {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"}


def test_the_container_has_no_rights_on_its_host_and_no_disk_to_write_to(aws: Assembly) -> None:
    found = container(aws)
    assert found["ReadonlyRootFilesystem"] is True
    assert found["LinuxParameters"] == {"InitProcessEnabled": True, "Capabilities": {"Drop": ["ALL"]}}
    assert f"USER {found['User']}:" in DOCKERFILE
    assert not {"Privileged", "MountPoints"} & set(found)
    assert "Volumes" not in definition(aws)


def test_the_port_and_the_health_check_are_those_of_image_and_service(aws: Assembly) -> None:
    found = container(aws)
    assert found["PortMappings"] == [{"ContainerPort": PORT, "Protocol": "tcp"}]
    assert f"EXPOSE {PORT}" in DOCKERFILE
    assert HEALTH_PATH in api.openapi()["paths"]
    assert found["HealthCheck"]["Command"][:3] == ["CMD", "python", "-c"]
    assert f"http://127.0.0.1:{PORT}{HEALTH_PATH}" in found["HealthCheck"]["Command"][3]
    targets = aws.only("analyze", "ElasticLoadBalancingV2::TargetGroup")
    assert (targets["Port"], targets["Protocol"], targets["TargetType"]) == (PORT, "HTTP", "ip")
    assert (targets["HealthCheckPath"], targets["Matcher"]) == (HEALTH_PATH, {"HttpCode": "200"})


def test_the_container_has_every_variable_that_the_service_needs(aws: Assembly) -> None:
    found = container(aws)
    given = {one["Name"].lower() for one in (*found["Environment"], *found["Secrets"])}
    needed = {name for name, field in Settings.model_fields.items() if field.is_required()}
    assert needed <= given <= set(Settings.model_fields)


def test_secrets_come_by_name_from_secrets_manager(prod: Assembly, shop: Assembly) -> None:
    def secrets(assembly: Assembly) -> dict[str, str]:
        return {
            one["Name"]: json.dumps(one["ValueFrom"]).rpartition(":secret:")[2].rstrip('"]}')
            for one in container(assembly)["Secrets"]
        }

    assert secrets(prod) == {"OPENAI_API_KEY": "vitrine/prod/openai"}
    assert secrets(shop) == {
        "OPENAI_API_KEY": "vitrine/prod/openai",
        "SUPABASE_LEGACY_SECRET": "shop/supabase-jwt",
    }


def test_the_execution_role_pulls_the_image_writes_the_log_and_reads_the_secrets(shop: Assembly) -> None:
    role = definition(shop)["ExecutionRoleArn"]["Fn::GetAtt"][0]
    (policy,) = (
        policy["Properties"]
        for policy in shop.resources("analyze", "IAM::Policy").values()
        if {"Ref": role} in policy["Properties"]["Roles"]
    )
    granted = {
        action: json.dumps(statement["Resource"])
        for statement in policy["PolicyDocument"]["Statement"]
        for action in ([statement["Action"]] if isinstance(statement["Action"], str) else statement["Action"])
    }
    (log,) = (name for name in shop.resources("analyze", "Logs::LogGroup") if name.startswith("Service"))
    assert granted.keys() == {
        "ecr:BatchCheckLayerAvailability",
        "ecr:BatchGetImage",
        "ecr:GetAuthorizationToken",
        "ecr:GetDownloadUrlForLayer",
        "logs:CreateLogStream",
        "logs:PutLogEvents",
        "secretsmanager:DescribeSecret",
        "secretsmanager:GetSecretValue",
    }
    assert ":repository/vitrine-shop-analyze" in granted["ecr:BatchGetImage"]
    assert log in granted["logs:PutLogEvents"]
    assert ":secret:vitrine/prod/openai-??????" in granted["secretsmanager:GetSecretValue"]
    assert ":secret:shop/supabase-jwt-??????" in granted["secretsmanager:GetSecretValue"]


def test_a_log_that_cannot_be_reached_holds_no_request_up(aws: Assembly) -> None:
    log = container(aws)["LogConfiguration"]
    assert log["LogDriver"] == "awslogs"
    assert log["Options"]["mode"] == "non-blocking"
    assert log["Options"]["max-buffer-size"] == f"{25 * 2**20}b"


def test_every_log_is_kept_for_the_days_of_the_settings(aws: Assembly) -> None:
    for log in aws.resources("analyze", "Logs::LogGroup").values():
        assert log["Properties"]["RetentionInDays"] == aws.settings.log_retention_days


def test_a_deployment_that_does_not_get_healthy_is_rolled_back_and_nobody_is_missing_meanwhile(
    aws: Assembly,
) -> None:
    assert aws.only("analyze", "ECS::Service")["DeploymentConfiguration"] == {
        "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
        "MinimumHealthyPercent": 100,
        "MaximumPercent": 200,
    }


def test_no_task_starts_before_it_may_read_its_secrets_and_has_a_way_out(aws: Assembly) -> None:
    (service,) = aws.resources("analyze", "ECS::Service").values()
    role = definition(aws)["ExecutionRoleArn"]["Fn::GetAtt"][0]
    policies = {
        name
        for name, policy in aws.resources("analyze", "IAM::Policy").items()
        if {"Ref": role} in policy["Properties"]["Roles"]
    }
    assert policies <= set(service["DependsOn"])
    way_out = {name for name in aws.resources("analyze", "EC2::Route") if name in service["DependsOn"]}
    assert len(way_out) == len(aws.settings.zones)


def test_as_many_tasks_run_as_the_settings_allow_and_load_asks_for(aws: Assembly) -> None:
    target = aws.only("analyze", "ApplicationAutoScaling::ScalableTarget")
    size = aws.settings.service
    assert (target["MinCapacity"], target["MaxCapacity"]) == (size.min_tasks, size.max_tasks)
    # A number here would put every deployment back to it.
    assert "DesiredCount" not in aws.only("analyze", "ECS::Service")
    policies = aws.resources("analyze", "ApplicationAutoScaling::ScalingPolicy").values()
    goals = {}
    for policy in policies:
        goal = policy["Properties"]["TargetTrackingScalingPolicyConfiguration"]
        goals[goal["PredefinedMetricSpecification"]["PredefinedMetricType"]] = goal["TargetValue"]
    assert goals == {
        "ECSServiceAverageCPUUtilization": 60,
        "ALBRequestCountPerTarget": 300 * size.cpu_units / 1024,
    }


def test_the_load_balancer_is_internal_and_drops_what_is_no_header(aws: Assembly) -> None:
    found = attributes(aws, "LoadBalancer")
    assert found["idle_timeout.timeout_seconds"] == "60"
    assert found["routing.http.drop_invalid_header_fields.enabled"] == "true"


def test_a_task_that_goes_has_longer_than_a_request_may_take(aws: Assembly) -> None:
    found = attributes(aws, "TargetGroup")
    assert int(found["deregistration_delay.timeout_seconds"]) > aws.settings.time_budget_s
    assert container(aws)["StopTimeout"] > aws.settings.time_budget_s
    assert found["load_balancing.algorithm.type"] == "least_outstanding_requests"


def test_without_a_domain_the_listener_speaks_http(prod: Assembly) -> None:
    listener = prod.only("analyze", "ElasticLoadBalancingV2::Listener")
    assert (listener["Port"], listener["Protocol"]) == (80, "HTTP")
    assert "TlsConfig" not in prod.only("gateway", "ApiGatewayV2::Integration")


def test_with_a_domain_the_gateway_checks_the_listeners_certificate(shop: Assembly) -> None:
    listener = shop.only("analyze", "ElasticLoadBalancingV2::Listener")
    (certificate,) = shop.resources("analyze", "CertificateManager::Certificate")
    assert (listener["Port"], listener["Protocol"]) == (443, "HTTPS")
    assert listener["Certificates"] == [{"CertificateArn": {"Ref": certificate}}]
    # TLS 1.2 and 1.3, and no older.
    assert listener["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-")
    proved = shop.only("analyze", "CertificateManager::Certificate")
    assert (proved["DomainName"], proved["ValidationMethod"]) == ("api.shop.example", "DNS")
    assert proved["DomainValidationOptions"][0]["HostedZoneId"] == "Z123"
    integration = shop.only("gateway", "ApiGatewayV2::Integration")
    assert integration["TlsConfig"] == {"ServerNameToVerify": "api.shop.example"}


def test_the_endpoint_is_named_in_small_letters_as_its_arn_is() -> None:
    values = tomllib.loads((FOLDER / "prod.toml").read_text())
    values["model"]["endpoint_name"] = "Blip2-Endpoint"
    app = cdk.App(context={"aws:cdk:bundling-stacks": []})
    build(app, Environment.model_validate({"name": "shop", **values}))
    template = json.dumps(app.synth().get_stack_by_name("vitrine-shop-analyze").template)
    assert ":endpoint/blip2-endpoint" in template
    assert '"Value": "Blip2-Endpoint"' in template
