"""What the gateway forwards to: the service at a URL, or behind a load balancer inside a VPC."""

from collections.abc import Callable

from aws_cdk import aws_apigatewayv2 as apigw
from aws_cdk import aws_apigatewayv2_integrations as integrations
from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_elasticloadbalancingv2 as elbv2
from constructs import Construct

from stacks.constructs.network import INNER

# Makes what answers the requests, inside the gateway's own scope.
Upstream = Callable[[Construct], apigw.HttpRouteIntegration]


def url_upstream(url: str) -> Upstream:
    """An upstream at a URL, which gets the request's own path and, as x-request-id, the gateway's id for it.

    AWS sends every request to the URL itself unless the path is put back; the emulator keeps the path and
    ignores that mapping. So this one declaration is right in both.
    """

    def integration(_: Construct) -> apigw.HttpRouteIntegration:
        mapping = _request_id().overwrite_path(apigw.MappingValue.request_path())
        return integrations.HttpUrlIntegration("Upstream", url, parameter_mapping=mapping)

    return integration


def listener_upstream(
    vpc: ec2.IVpc, listener: elbv2.IApplicationListener, server_name: str | None
) -> Upstream:
    """A load balancer inside `vpc`, reached by a link that its listener alone lets in.

    Requests keep their path, since the stage has no name, and carry the gateway's id for them as
    x-request-id. With a `server_name` they travel by TLS, to a server whose certificate has that name.
    """

    def integration(scope: Construct) -> apigw.HttpRouteIntegration:
        group = ec2.SecurityGroup(
            scope,
            "LinkGroup",
            vpc=vpc,
            description="Link of the gateway to the load balancer",
            allow_all_outbound=False,
        )
        # Said from the link's side, both rules stand in this stack; from the listener's, the stacks would
        # need each other.
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
