"""The gateway's upstream: the service at a URL, or behind a load balancer inside a VPC."""

from collections.abc import Callable

from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from stacks.constructs.network import INNER

# Makes the integration that answers requests, in the gateway's scope.
Upstream = Callable[[Construct], apigw.HttpRouteIntegration]


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
        link = apigw.VpcLink(scope, "Link", vpc=vpc, subnets=INNER, security_groups=[group])
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
