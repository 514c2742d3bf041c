"""Every look of the preflight, where AWS does not let it look: a finding each time, and no crash."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from cli.findings import Finding, look
from ops.doctor import account, endpoint, image, model, network, quotas, secrets_manager
from settings.schema import Domain
from tests.ops.conftest import KEY, Stubbed, make_settings

SETTINGS = make_settings(model={"artifact": KEY})
DOMAIN = Domain(name="api.shop.example", hosted_zone_id="Z123", hosted_zone_name="shop.example")
BUCKET = {"Parameter": {"Value": "artifacts"}}

Check = Callable[[Any], Iterator[Finding]]
# The check, given its client; the service; the call that it makes.
LOOKS: dict[str, tuple[Check, str, str]] = {
    "credentials": (partial(account.credentials, SETTINGS), "sts", "get_caller_identity"),
    "bootstrap": (partial(account.bootstrap, SETTINGS), "ssm", "get_parameter"),
    "quota": (partial(quotas.endpoint_instances, SETTINGS), "service-quotas", "list_service_quotas"),
    "lambda": (partial(quotas.lambda_concurrency, SETTINGS), "lambda", "get_account_settings"),
    "zones": (partial(network.zones, SETTINGS), "ec2", "describe_availability_zones"),
    "domain": (partial(network.domain_zone, DOMAIN), "route53", "get_hosted_zone"),
    "secret": (partial(secrets_manager.secret, SETTINGS, "name"), "secretsmanager", "describe_secret"),
    "image": (partial(image.pushed, SETTINGS, f"sha256:{'a' * 64}"), "ecr", "describe_images"),
    "bucket": (lambda ssm: model.archive(SETTINGS, ssm, None, at_hand=False), "ssm", "get_parameter"),  # type: ignore[arg-type]
    "endpoint": (
        lambda sagemaker: endpoint.endpoint_name(SETTINGS, sagemaker, None),  # type: ignore[arg-type]
        "sagemaker",
        "describe_endpoint",
    ),
    "log": (
        lambda logs: endpoint.endpoint_log(SETTINGS, logs, None),  # type: ignore[arg-type]
        "logs",
        "describe_log_groups",
    ),
}


@pytest.mark.parametrize("name", LOOKS)
@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("AccessDeniedException", "or look yourself"),
        ("UnauthorizedOperation", "or look yourself"),
        ("ThrottlingException", "Look again in a minute"),
        ("RequestLimitExceeded", "Look again in a minute"),
        ("InternalFailure", "Look again"),
    ],
)
def test_a_look_that_aws_does_not_allow_or_throttles_is_a_warning(
    stubbed: Stubbed, name: str, code: str, hint: str
) -> None:
    check, service, call = LOOKS[name]
    client, stub = stubbed(service)
    stub.add_client_error(call, code, "secret words")
    (finding,) = look(name, partial(check, client))
    assert (finding.level, finding.subject) == ("warning", name)
    assert hint in finding.hint
    assert "secret words" not in finding.text


@pytest.mark.parametrize("name", LOOKS)
def test_credentials_that_ended_meanwhile_are_a_failure(stubbed: Stubbed, name: str) -> None:
    check, service, call = LOOKS[name]
    client, stub = stubbed(service)
    stub.add_client_error(call, "ExpiredTokenException")
    (finding,) = look(name, partial(check, client))
    assert finding.level == "failure"


def test_an_archive_that_may_not_be_looked_for_is_a_warning(stubbed: Stubbed) -> None:
    (ssm, parameters), (s3, objects) = stubbed("ssm"), stubbed("s3")
    parameters.add_response("get_parameter", BUCKET)
    objects.add_client_error("head_object", "403", http_status_code=403)
    (finding,) = look("model archive", lambda: model.archive(SETTINGS, ssm, s3, at_hand=False))
    assert (finding.level, "HeadObject" in finding.text) == ("warning", True)


def test_a_stack_that_may_not_be_looked_at_is_a_warning(stubbed: Stubbed) -> None:
    from tests.ops.doctor.test_endpoint import endpoint as described

    (sagemaker, endpoints), (cloudformation, stacks) = stubbed("sagemaker"), stubbed("cloudformation")
    endpoints.add_response("describe_endpoint", described())
    stacks.add_client_error("list_stack_resources", "AccessDenied")
    (finding,) = look("endpoint name", lambda: endpoint.endpoint_name(SETTINGS, sagemaker, cloudformation))
    assert finding.level == "warning"


def test_no_network_is_a_failure() -> None:
    def check() -> Iterator[Finding]:
        raise EndpointConnectionError(endpoint_url="https://ssm.ca-central-1.amazonaws.com")
        yield

    (finding,) = look("CDK bootstrap", check)
    assert (finding.level, "Check the network" in finding.hint) == ("failure", True)
