"""The HTTP API: authorization, throttling, forwarding, CORS and custom domain."""

import json
from typing import Any

from stacks.app import ROOT
from tests.stacks.assemblies import Assembly
from tests.stacks.reading import LOG_VARIABLES, text, upstream

ROUTES = {
    *("POST /analyze", "POST /uploads", "GET /catalogue", "GET /reports"),
    *("GET /reports/{id}", "PATCH /reports/{id}", "DELETE /reports/{id}"),
    "POST /reports/{id}/wording",
}
# Those that call the model or the LLM, or offer storage.
COSTLY = {"POST /analyze", "POST /uploads", "POST /reports/{id}/wording"}
HOOK, EDGE_LOGS = "POST /hooks/supabase", "POST /hooks/logs"
# Headers that a page reads without being allowed to, and those for its browser alone.
UNEXPOSED = {
    *("cache-control", "content-security-policy", "etag", "referrer-policy", "timing-allow-origin", "vary"),
    *("www-authenticate", "x-content-type-options"),
}
USERS = {"SUPABASE_ROLES": '["authenticated"]', "SUPABASE_ALLOW_ANONYMOUS": "false"}


def routes(assembly: Assembly) -> list[dict[str, Any]]:
    found = assembly.resources("gateway", "ApiGatewayV2::Route").values()
    return [route["Properties"] for route in found]


def log_group(assembly: Assembly, name: str) -> dict[str, Any]:
    properties: dict[str, Any] = assembly.resources("gateway", "Logs::LogGroup")[name]["Properties"]
    return properties


def test_every_route_has_the_authorizer(assembly: Assembly) -> None:
    (authorizer,) = assembly.resources("gateway", "ApiGatewayV2::Authorizer")
    of_users = [route for route in routes(assembly) if route["RouteKey"] != EDGE_LOGS]
    assert {route["RouteKey"] for route in of_users} == ROUTES
    for route in of_users:
        assert route["AuthorizationType"] == "CUSTOM"
        assert route["AuthorizerId"] == {"Ref": authorizer}


def test_authorizer_answers_are_cached(assembly: Assembly) -> None:
    authorizer = assembly.only("gateway", "ApiGatewayV2::Authorizer")
    assert authorizer["AuthorizerResultTtlInSeconds"] == 300
    assert authorizer["IdentitySource"] == ["$request.header.Authorization"]
    assert authorizer["EnableSimpleResponses"] is True
    assert authorizer["AuthorizerPayloadFormatVersion"] == "2.0"


def test_gateway_alone_invokes_the_authorizer(assembly: Assembly) -> None:
    permission = assembly.only("gateway", "Lambda::Permission")
    assert permission["Principal"] == "apigateway.amazonaws.com"
    assert "/authorizers/" in json.dumps(permission["SourceArn"])


def test_routes_are_throttled_by_settings(assembly: Assembly) -> None:
    throttle = assembly.settings.throttle
    limits = assembly.only("gateway", "ApiGatewayV2::Stage")["RouteSettings"]
    assert set(limits) - {HOOK, EDGE_LOGS} == ROUTES
    assert (EDGE_LOGS in limits) == assembly.settings.has_edge_logs()
    for route, limit in limits.items():
        others = throttle.analyze if route in COSTLY else throttle.reports
        rate = {HOOK: throttle.hooks, EDGE_LOGS: throttle.logs}.get(route, others)
        # Without them the alarm on the analyses' errors has no metric to read.
        detailed = {"DetailedMetricsEnabled": True} if route == "POST /analyze" else {}
        limits_of = {"ThrottlingRateLimit": rate.per_second, "ThrottlingBurstLimit": rate.burst}
        assert limit == limits_of | (detailed if assembly.settings.has_edge_logs() else {})


def test_edge_logs_reach_their_function_by_name(shop: Assembly) -> None:
    (route,) = [route for route in routes(shop) if route["RouteKey"] == EDGE_LOGS]
    assert route["AuthorizationType"] == "NONE"
    integration = shop.resources("gateway", "ApiGatewayV2::Integration")[
        route["Target"]["Fn::Join"][1][1]["Ref"]
    ]
    called = text(integration["Properties"]["IntegrationUri"])
    functions = [one["Properties"] for one in shop.resources("hooks", "Lambda::Function").values()]
    names = [one["FunctionName"] for one in functions if "FunctionName" in one]
    assert [called.rpartition(":")[2]] == names == ["vitrine-shop-log-receiver"]
    permissions = [one["Properties"] for one in shop.resources("hooks", "Lambda::Permission").values()]
    (admitted,) = [one for one in permissions if text(one["SourceArn"]).endswith("/*/*/hooks/logs")]
    assert admitted["Principal"] == "apigateway.amazonaws.com"


def test_routes_precede_the_stage(assembly: Assembly) -> None:
    (stage,) = assembly.resources("gateway", "ApiGatewayV2::Stage").values()
    assert set(assembly.resources("gateway", "ApiGatewayV2::Route")) <= set(stage["DependsOn"])


def test_stage_adds_no_path_prefix(assembly: Assembly) -> None:
    assert assembly.only("gateway", "ApiGatewayV2::Stage")["StageName"] == "$default"


def test_url_upstream_gets_path_and_id(assemblies: dict[str, Assembly]) -> None:
    local = assemblies["local"]
    integration = upstream(local.resources("gateway", "ApiGatewayV2::Integration"))
    assert integration["IntegrationType"] == "HTTP_PROXY"
    assert integration["IntegrationUri"] == local.settings.upstream_url
    assert integration["RequestParameters"] == {
        "overwrite:path": "$request.path",
        "overwrite:header.x-request-id": "$context.requestId",
    }


def test_load_balancer_gets_request_id(aws: Assembly) -> None:
    integration = upstream(aws.resources("gateway", "ApiGatewayV2::Integration"))
    assert integration["IntegrationType"] == "HTTP_PROXY"
    assert integration["RequestParameters"] == {"overwrite:header.x-request-id": "$context.requestId"}
    assert integration["PayloadFormatVersion"] == "1.0"


def test_access_log_is_json(assembly: Assembly) -> None:
    log = assembly.only("gateway", "ApiGatewayV2::Stage")["AccessLogSettings"]
    line = json.loads(log["Format"])
    assert line["request_id"] == "$context.requestId"
    assert "authorization" not in log["Format"].lower().replace("authorizer", "")
    group = log["DestinationArn"]["Fn::Join"][1][-1]["Ref"]
    assert log_group(assembly, group)["RetentionInDays"] == assembly.settings.log_retention_days


def test_log_retention_is_set(assembly: Assembly) -> None:
    for group in assembly.resources("gateway", "Logs::LogGroup"):
        assert log_group(assembly, group)["RetentionInDays"] == assembly.settings.log_retention_days


def documented_headers() -> set[str]:
    document = json.loads((ROOT / "docs" / "openapi.json").read_text("utf-8"))
    operations = [operation for path in document["paths"].values() for operation in path.values()]
    answers = [answer for operation in operations for answer in operation["responses"].values()]
    return {name.lower() for answer in answers for name in answer["headers"]}


def test_cors_allows_the_settings_origins(assemblies: dict[str, Assembly]) -> None:
    dev = assemblies["dev"]
    cors = dev.only("gateway", "ApiGatewayV2::Api")["CorsConfiguration"]
    assert cors["AllowOrigins"] == list(dev.settings.cors_origins)
    sent = {"accept-language", "authorization", "content-type", "idempotency-key", "prefer", "traceparent"}
    assert set(cors["AllowHeaders"]) == sent
    assert set(cors["ExposeHeaders"]) == documented_headers() - UNEXPOSED
    assert set(cors["AllowMethods"]) == {"GET", "POST", "PATCH", "DELETE"}


def test_no_origins_means_no_cors(shop: Assembly) -> None:
    assert "CorsConfiguration" not in shop.only("gateway", "ApiGatewayV2::Api")


def test_domain_replaces_the_default_endpoint(shop: Assembly) -> None:
    assert shop.only("gateway", "ApiGatewayV2::Api")["DisableExecuteApiEndpoint"] is True
    domain = shop.only("gateway", "ApiGatewayV2::DomainName")
    assert domain["DomainName"] == "api.shop.example"
    (configuration,) = domain["DomainNameConfigurations"]
    (certificate,) = shop.resources("gateway", "CertificateManager::Certificate")
    assert configuration["CertificateArn"] == {"Ref": certificate}
    assert shop.template("gateway")["Outputs"]["ApiUrl"]["Value"] == "https://api.shop.example"


def test_domain_is_validated_by_dns(shop: Assembly) -> None:
    certificate = shop.only("gateway", "CertificateManager::Certificate")
    assert certificate["ValidationMethod"] == "DNS"
    record = shop.only("gateway", "Route53::RecordSet")
    assert record["Name"] == "api.shop.example."
    assert record["HostedZoneId"] == "Z123"


def test_domain_maps_to_the_stage(shop: Assembly) -> None:
    (stage,) = shop.resources("gateway", "ApiGatewayV2::Stage")
    (domain,) = shop.resources("gateway", "ApiGatewayV2::DomainName")
    mapping = shop.only("gateway", "ApiGatewayV2::ApiMapping")
    assert mapping["Stage"] == {"Ref": stage}
    assert mapping["DomainName"] == {"Ref": domain}


def test_no_domain_by_default(prod: Assembly) -> None:
    kinds = {resource["Type"] for resource in prod.template("gateway")["Resources"].values()}
    assert not {kind for kind in kinds if "Route53" in kind or "Certificate" in kind or "Domain" in kind}
    assert prod.only("gateway", "ApiGatewayV2::Api")["DisableExecuteApiEndpoint"] is False


def test_authorizer_is_unreserved_on_arm(prod: Assembly) -> None:
    function = prod.only("gateway", "Lambda::Function")
    assert function["Architectures"] == ["arm64"]
    assert function["Runtime"] == "python3.14"
    assert "ReservedConcurrentExecutions" not in function


def without_log_variables(assembly: Assembly) -> dict[str, Any]:
    variables = assembly.only("gateway", "Lambda::Function")["Environment"]["Variables"]
    return {name: value for name, value in variables.items() if name not in LOG_VARIABLES}


def test_authorizer_gets_issuer_and_secret(shop: Assembly) -> None:
    assert without_log_variables(shop) == {
        "SUPABASE_URL": shop.settings.supabase.url,
        "SUPABASE_ISSUER": "https://auth.shop.example/auth/v1",
        "SUPABASE_LEGACY_SECRET_NAME": "shop/supabase-jwt",
        **USERS,
    }


def test_authorizer_gets_the_project_alone(prod: Assembly) -> None:
    assert without_log_variables(prod) == {"SUPABASE_URL": prod.settings.supabase.url, **USERS}


def test_authorizer_reads_only_named_secrets(prod: Assembly, shop: Assembly) -> None:
    def actions(assembly: Assembly) -> set[str]:
        statements = assembly.only("gateway", "IAM::Policy")["PolicyDocument"]["Statement"]
        listed = [[one["Action"]] if isinstance(one["Action"], str) else one["Action"] for one in statements]
        return {action for actions in listed for action in actions}

    logs = {"logs:CreateLogStream", "logs:PutLogEvents"}
    secret = {"secretsmanager:GetSecretValue"}
    assert actions(prod) == logs
    assert actions(shop) == logs | secret
