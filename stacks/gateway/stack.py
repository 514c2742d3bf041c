"""The HTTP API: it authorizes callers and forwards their requests to the analyze service."""

import json
from collections.abc import Callable
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_apigatewayv2_authorizers as authorizers
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_route53 as route53
from aws_cdk import aws_route53_targets as targets
from constructs import Construct

from settings.environment import Environment, LogDays
from settings.naming import EDGE_LOGS_PATH, PROJECT, log_receiver_name
from settings.schema import Domain, Rate
from settings.service_env import authorizer_variables
from stacks.constructs.exports import keep_exports
from stacks.constructs.functions import python_code, python_function
from stacks.constructs.iam import read_secret
from stacks.constructs.network import INNER, certificate, first_subnets, hosted_zone
from stacks.constructs.operations import log_group, publish

# Makes the integration that answers requests, in the gateway's scope.
Upstream = Callable[[Construct], apigw.HttpRouteIntegration]
# The fields of the access log, and API Gateway's variables for them.
LOGGED = {
    "request_id": "$context.requestId",
    "time_ms": "$context.requestTimeEpoch",
    "route": "$context.routeKey",
    "status": "$context.status",
    "latency_ms": "$context.responseLatency",
    "bytes": "$context.responseLength",
    "upstream_status": "$context.integration.status",
    "upstream_latency_ms": "$context.integration.latency",
    "upstream_error": "$context.integration.error",
    "authorizer_error": "$context.authorizer.error",
    "source_ip": "$context.identity.sourceIp",
    "user_agent": "$context.identity.userAgent",
}


class GatewayStack(cdk.Stack):
    """HTTP API with authorizer, throttling, access log and, if the settings name one, a custom domain.

    `upstream` makes the integration that answers requests; `code_platform` is the platform of the
    authorizer's code.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Environment,
        upstream: Upstream,
        code_platform: tuple[str, ...],
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        name, domain, throttle = settings.name, settings.domain, settings.throttle
        log_days = settings.log_retention_days

        self.api = apigw.HttpApi(
            self,
            "Api",
            api_name=f"{PROJECT}-{name}",
            create_default_stage=False,
            cors_preflight=_cors(settings.cors_origins),
            default_authorizer=authorizers.HttpLambdaAuthorizer(
                "Authorizer",
                self._authorizer(settings, code_platform),
                identity_source=["$request.header.Authorization"],
                response_types=[authorizers.HttpLambdaResponseType.SIMPLE],
                results_cache_ttl=cdk.Duration.minutes(5),
            ),
            # With a custom domain, API Gateway's own name is disabled.
            disable_execute_api_endpoint=domain is not None,
        )
        rates = {
            "POST /analyze": throttle.analyze,
            "POST /uploads": throttle.analyze,
            "GET /catalogue": throttle.reports,
            "GET /reports": throttle.reports,
            "GET /reports/{id}": throttle.reports,
            "PATCH /reports/{id}": throttle.reports,
            "DELETE /reports/{id}": throttle.reports,
            # It calls the LLM, as an analysis does.
            "POST /reports/{id}/wording": throttle.analyze,
        }
        service = upstream(self)
        for route in rates:
            method, path = route.split()
            self.api.add_routes(path=path, methods=[apigw.HttpMethod(method)], integration=service)
        if settings.has_edge_logs():
            self._route_edge_logs(name)
            rates[f"POST {EDGE_LOGS_PATH}"] = throttle.logs
        # An alarm watches the analyses alone, where requests with logs would hide theirs.
        detailed = {"POST /analyze"} if settings.has_edge_logs() else set()
        stage = self._stage(rates, throttle.hooks, log_days, detailed)
        if domain is not None:
            self._serve_at(domain, stage)

        url = f"https://{domain.name}" if domain is not None else self.api.api_endpoint
        publish(self, name, "ApiUrl", url, "URL of the API")
        publish(self, name, "ApiId", self.api.api_id, "Id of the API in API Gateway")
        # The routes of `hooks` refer to it.
        keep_exports(self, self.api.api_id)
        publish(self, name, "Region", settings.region, "Region of the environment")
        publish(self, name, "ModelEndpoint", settings.model.endpoint_name, "SageMaker endpoint of the model")
        publish(self, name, "SupabaseUrl", settings.supabase.url, "URL of the Supabase project")
        key = settings.supabase.publishable_key
        publish(self, name, "SupabasePublishableKey", key, "Public key of the Supabase project")

    def _route_edge_logs(self, name: str) -> None:
        # Here and not beside its function, because only a route that exists before the stage can have a limit
        # of its own. The function is found by its name: `hooks`, which has it, is deployed later.
        arn = self.format_arn(
            service="lambda",
            resource="function",
            resource_name=log_receiver_name(name),
            arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
        )
        receiver = lambda_.Function.from_function_attributes(
            self, "LogReceiver", function_arn=arn, skip_permissions=True
        )
        self.api.add_routes(
            path=EDGE_LOGS_PATH,
            methods=[apigw.HttpMethod.POST],
            integration=integrations.HttpLambdaIntegration("LogReceiverIntegration", receiver),
            # A drain has no user token; it names a key, which the function compares.
            authorizer=apigw.HttpNoneAuthorizer(),
        )

    def _authorizer(self, settings: Environment, code_platform: tuple[str, ...]) -> lambda_.Function:
        supabase = settings.supabase
        secret = supabase.legacy_secret_name
        return python_function(
            self,
            "Authorizer",
            description="Checks Supabase access tokens for the gateway",
            code=python_code("authorizer", platform=code_platform),
            handler="services.authorizer.handler.handle",
            variables=authorizer_variables(supabase),
            memory_mb=512,
            timeout=cdk.Duration.seconds(8),
            settings=settings,
            allow=[read_secret(self, secret)] if secret is not None else [],
        )

    def _stage(
        self, rates: dict[str, Rate], others: Rate, log_days: LogDays, detailed: set[str]
    ) -> apigw.CfnStage:
        # Log groups with this prefix share one resource policy of the account, whose number is limited.
        access_log = log_group(self, "AccessLog", log_days, name=f"/aws/vendedlogs/{self.stack_name}")
        stage = apigw.CfnStage(
            self,
            "Stage",
            api_id=self.api.api_id,
            stage_name="$default",  # the only stage name that is not part of the upstream's path
            auto_deploy=True,
            access_log_settings=apigw.CfnStage.AccessLogSettingsProperty(
                destination_arn=self.format_arn(
                    service="logs",
                    resource="log-group",
                    resource_name=access_log.log_group_name,
                    arn_format=cdk.ArnFormat.COLON_RESOURCE_NAME,
                ),
                format=json.dumps(LOGGED),
            ),
            # For routes of other stacks: they are created after this stage, which cannot name them.
            default_route_settings=apigw.CfnStage.RouteSettingsProperty(
                throttling_rate_limit=others.per_second, throttling_burst_limit=others.burst
            ),
            route_settings={
                route: {"ThrottlingRateLimit": rate.per_second, "ThrottlingBurstLimit": rate.burst}
                | ({"DetailedMetricsEnabled": True} if route in detailed else {})
                for route, rate in rates.items()
            },
        )
        # A route must exist before the stage can limit it.
        for child in self.api.node.children:
            if isinstance(child, apigw.HttpRoute):
                stage.node.add_dependency(child)
        return stage

    def _serve_at(self, domain: Domain, stage: apigw.CfnStage) -> None:
        zone = hosted_zone(self, domain)
        served = apigw.DomainName(
            self, "Domain", domain_name=domain.name, certificate=certificate(self, domain, zone)
        )
        apigw.CfnApiMapping(self, "Mapping", api_id=self.api.api_id, domain_name=served.name, stage=stage.ref)
        alias = route53.RecordTarget.from_alias(
            targets.ApiGatewayv2DomainProperties(served.regional_domain_name, served.regional_hosted_zone_id)
        )
        route53.ARecord(self, "Address", zone=zone, record_name=domain.name, target=alias)


def _cors(origins: tuple[str, ...]) -> apigw.CorsPreflightOptions | None:
    if not origins:
        return None
    return apigw.CorsPreflightOptions(
        allow_origins=list(origins),
        allow_methods=[
            *(apigw.CorsHttpMethod.GET, apigw.CorsHttpMethod.POST),
            *(apigw.CorsHttpMethod.PATCH, apigw.CorsHttpMethod.DELETE),
        ],
        allow_headers=[
            *("accept-language", "authorization", "content-type", "idempotency-key", "prefer", "traceparent")
        ],
        expose_headers=[
            *("apigw-requestid", "content-disposition", "idempotent-replayed", "link", "location"),
            *("preference-applied", "retry-after", "server-timing"),
        ],
        max_age=cdk.Duration.hours(1),
    )


def url_upstream(url: str) -> Upstream:
    """Return an upstream at a URL, which gets the path and, as x-request-id, the gateway's request id.

    AWS sends every request to the bare URL unless the path is mapped; the emulator keeps the path and ignores
    the mapping. So this declaration works in both.
    """

    def integration(_: Construct) -> apigw.HttpRouteIntegration:
        mapping = _request_id().overwrite_path(apigw.MappingValue.request_path())
        return integrations.HttpUrlIntegration("Upstream", url, parameter_mapping=mapping)

    return integration


def listener_upstream(
    vpc: ec2.IVpc, listener: elbv2.IApplicationListener, server_name: str | None
) -> Upstream:
    """Return an upstream behind a load balancer in `vpc`, reached through a VPC link.

    Requests keep their path and carry the gateway's request id as x-request-id. With a `server_name` they use
    TLS, and the gateway verifies that name in the listener's certificate.
    """

    def integration(scope: Construct) -> apigw.HttpRouteIntegration:
        group = ec2.SecurityGroup(
            scope,
            "LinkGroup",
            vpc=vpc,
            description="Link of the gateway to the load balancer",
            allow_all_outbound=False,
        )
        # Declared from the link's side, both rules belong to this stack; declared from the listener's side,
        # the two stacks would depend on each other.
        group.connections.allow_to_default_port(listener, "Requests of the gateway")
        subnets = first_subnets(vpc, INNER)
        link = apigw.VpcLink(scope, "Link", vpc=vpc, subnets=subnets, security_groups=[group])
        return integrations.HttpAlbIntegration(
            "Upstream",
            listener,
            vpc_link=link,
            secure_server_name=server_name,
            parameter_mapping=_request_id(),
        )

    return integration


def _request_id() -> apigw.ParameterMapping:
    request_id = apigw.MappingValue.context_variable("requestId")
    return apigw.ParameterMapping().overwrite_header("x-request-id", request_id)
