"""The service on Fargate: tasks, load balancer, scaling and deployment."""

import json
from typing import Any

from services.analyze.app import api
from services.analyze.dependencies import AnalyzeSettings
from stacks.analyze.task import HEALTH_PATH, PORT
from stacks.app import ROOT
from tests.stacks.assemblies import Assembly, assembled, changed
from tests.stacks.reading import LOG_VARIABLES

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


def test_task_has_the_settings_size(aws: Assembly) -> None:
    found, size = definition(aws), aws.settings.service
    assert (found["Cpu"], found["Memory"]) == (str(size.cpu_units), str(size.memory_mb))
    assert found["RuntimePlatform"] == {"CpuArchitecture": "ARM64", "OperatingSystemFamily": "LINUX"}


def test_container_is_unprivileged_and_read_only(aws: Assembly) -> None:
    found = container(aws)
    assert found["ReadonlyRootFilesystem"] is True
    assert found["LinuxParameters"] == {"InitProcessEnabled": True, "Capabilities": {"Drop": ["ALL"]}}
    assert f"USER {found['User']}:" in DOCKERFILE
    assert not {"Privileged", "MountPoints"} & set(found)
    assert "Volumes" not in definition(aws)


def test_port_and_health_check_agree(aws: Assembly) -> None:
    found = container(aws)
    assert found["PortMappings"] == [{"ContainerPort": PORT, "Protocol": "tcp"}]
    assert f"EXPOSE {PORT}" in DOCKERFILE
    assert HEALTH_PATH in api.openapi()["paths"]
    assert found["HealthCheck"]["Command"][:3] == ["CMD", "python", "-c"]
    assert f"http://127.0.0.1:{PORT}{HEALTH_PATH}" in found["HealthCheck"]["Command"][3]
    targets = aws.only("analyze", "ElasticLoadBalancingV2::TargetGroup")
    assert (targets["Port"], targets["Protocol"], targets["TargetType"]) == (PORT, "HTTP", "ip")
    assert (targets["HealthCheckPath"], targets["Matcher"]) == (HEALTH_PATH, {"HttpCode": "200"})


def test_container_has_every_needed_variable(aws: Assembly) -> None:
    found = container(aws)
    given = {one["Name"].lower() for one in (*found["Environment"], *found["Secrets"])}
    needed = {name for name, field in AnalyzeSettings.model_fields.items() if field.is_required()}
    logged = {name.lower() for name in LOG_VARIABLES}
    assert needed | logged <= given <= set(AnalyzeSettings.model_fields) | logged


def test_secrets_come_from_secrets_manager(prod: Assembly, shop: Assembly) -> None:
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


def test_execution_role_has_exactly_these_actions(shop: Assembly) -> None:
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


def test_logging_is_non_blocking(aws: Assembly) -> None:
    log = container(aws)["LogConfiguration"]
    assert log["LogDriver"] == "awslogs"
    assert log["Options"]["mode"] == "non-blocking"
    assert log["Options"]["max-buffer-size"] == f"{25 * 2**20}b"


def test_log_retention_is_set(aws: Assembly) -> None:
    for log in aws.resources("analyze", "Logs::LogGroup").values():
        assert log["Properties"]["RetentionInDays"] == aws.settings.log_retention_days


def test_unhealthy_deployment_is_rolled_back(
    aws: Assembly,
) -> None:
    assert aws.only("analyze", "ECS::Service")["DeploymentConfiguration"] == {
        "DeploymentCircuitBreaker": {"Enable": True, "Rollback": True},
        "MinimumHealthyPercent": 100,
        "MaximumPercent": 200,
    }


def test_service_waits_for_policy_and_route(aws: Assembly) -> None:
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


def test_tasks_scale_within_the_settings(aws: Assembly) -> None:
    target = aws.only("analyze", "ApplicationAutoScaling::ScalableTarget")
    size = aws.settings.service
    assert (target["MinCapacity"], target["MaxCapacity"]) == (size.min_tasks, size.max_tasks)
    # A number here would reset the scaling at each deployment.
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


def test_load_balancer_drops_invalid_headers(aws: Assembly) -> None:
    found = attributes(aws, "LoadBalancer")
    assert found["idle_timeout.timeout_seconds"] == "60"
    assert found["routing.http.drop_invalid_header_fields.enabled"] == "true"


def test_draining_outlasts_a_request(aws: Assembly) -> None:
    found = attributes(aws, "TargetGroup")
    assert int(found["deregistration_delay.timeout_seconds"]) > aws.settings.time_budget_s
    assert container(aws)["StopTimeout"] > aws.settings.time_budget_s
    assert found["load_balancing.algorithm.type"] == "least_outstanding_requests"


def test_listener_without_domain_is_http(prod: Assembly) -> None:
    listener = prod.only("analyze", "ElasticLoadBalancingV2::Listener")
    assert (listener["Port"], listener["Protocol"]) == (80, "HTTP")
    assert "TlsConfig" not in prod.only("gateway", "ApiGatewayV2::Integration")


def test_listener_with_domain_is_tls(shop: Assembly) -> None:
    listener = shop.only("analyze", "ElasticLoadBalancingV2::Listener")
    (certificate,) = shop.resources("analyze", "CertificateManager::Certificate")
    assert (listener["Port"], listener["Protocol"]) == (443, "HTTPS")
    assert listener["Certificates"] == [{"CertificateArn": {"Ref": certificate}}]
    # TLS 1.2 and 1.3, and no older.
    assert listener["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2-")
    proved = shop.only("analyze", "CertificateManager::Certificate")
    assert (proved["DomainName"], proved["ValidationMethod"]) == ("api.shop.example", "DNS")
    assert proved["DomainValidationOptions"][0]["HostedZoneId"] == "Z123"
    integrations = shop.resources("gateway", "ApiGatewayV2::Integration").values()
    (verified,) = [tls for one in integrations if (tls := one["Properties"].get("TlsConfig"))]
    assert verified == {"ServerNameToVerify": "api.shop.example"}


def test_endpoint_arn_is_lower_case() -> None:
    assembly = assembled(changed("prod", model={"endpoint_name": "Blip2-Endpoint"}))
    template = json.dumps(assembly.template("analyze"))
    assert ":endpoint/blip2-endpoint" in template
    assert '"Value": "Blip2-Endpoint"' in template
