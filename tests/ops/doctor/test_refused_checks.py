"""Every check of the preflight where AWS refuses its call: a finding each time, and no crash."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from cli.findings import Finding
from ops.doctor import account, notified, quotas, references
from ops.doctor.preflight import collect
from settings.schema import Domain
from tests.ops.conftest import KEY, Stubbed, make_settings

SETTINGS = make_settings(model={"artifact": KEY})
DOMAIN = Domain(name="api.shop.example", hosted_zone_id="Z123", hosted_zone_name="shop.example")
BUCKET = {"Parameter": {"Value": "artifacts"}}

Check = Callable[[Any], Iterator[Finding]]
# The check, given its client; the service; the call that it makes.
CHECKS: dict[str, tuple[Check, str, str]] = {
    "credentials": (partial(account.credentials, SETTINGS), "sts", "get_caller_identity"),
    "bootstrap": (partial(account.bootstrap, SETTINGS), "ssm", "get_parameter"),
    "roles": (partial(account.linked_roles, SETTINGS), "iam", "list_roles"),
    "quota": (partial(quotas.endpoint_instances, SETTINGS), "service-quotas", "list_service_quotas"),
    "fargate": (partial(quotas.fargate_vcpus, SETTINGS), "service-quotas", "get_service_quota"),
    "lambda": (partial(quotas.lambda_concurrency, SETTINGS), "lambda", "get_account_settings"),
    "zones": (partial(references.zones, SETTINGS), "ec2", "describe_availability_zones"),
    "domain": (partial(references.domain_zone, DOMAIN), "route53", "get_hosted_zone"),
    "secret": (partial(references.secret, SETTINGS, "name"), "secretsmanager", "describe_secret"),
    "notified": (partial(notified.receiver, SETTINGS), "sns", "list_topics"),
    "image": (partial(references.pushed, SETTINGS, f"sha256:{'a' * 64}"), "ecr", "describe_images"),
    "bucket": (lambda ssm: account.archive(SETTINGS, ssm, None, given=False), "ssm", "get_parameter"),  # type: ignore[arg-type]
    "endpoint": (
        lambda sagemaker: account.endpoint_name(SETTINGS, sagemaker, None),  # type: ignore[arg-type]
        "sagemaker",
        "describe_endpoint",
    ),
    "log": (
        lambda logs: account.endpoint_logs(SETTINGS, logs, None),  # type: ignore[arg-type]
        "logs",
        "describe_log_groups",
    ),
}


@pytest.mark.parametrize("name", CHECKS)
@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("AccessDeniedException", "or check it yourself"),
        ("UnauthorizedOperation", "or check it yourself"),
        ("ThrottlingException", "Try again in a minute"),
        ("RequestLimitExceeded", "Try again in a minute"),
        ("InternalFailure", "Try again"),
    ],
)
def test_denied_or_throttled_check_warns(stubbed: Stubbed, name: str, code: str, hint: str) -> None:
    check, service, call = CHECKS[name]
    client, stub = stubbed(service)
    stub.add_client_error(call, code, "secret words")
    (finding,) = collect(name, partial(check, client))
    assert (finding.level, finding.subject) == ("warning", name)
    assert hint in finding.hint
    assert "secret words" not in finding.text


@pytest.mark.parametrize("name", CHECKS)
def test_expired_credentials_fail(stubbed: Stubbed, name: str) -> None:
    check, service, call = CHECKS[name]
    client, stub = stubbed(service)
    stub.add_client_error(call, "ExpiredTokenException")
    (finding,) = collect(name, partial(check, client))
    assert finding.level == "failure"


def test_denied_archive_check_warns(stubbed: Stubbed) -> None:
    (ssm, parameters), (s3, objects) = stubbed("ssm"), stubbed("s3")
    parameters.add_response("get_parameter", BUCKET)
    objects.add_client_error("head_object", "403", http_status_code=403)
    (finding,) = collect("model archive", lambda: account.archive(SETTINGS, ssm, s3, given=False))
    assert (finding.level, "HeadObject" in finding.text) == ("warning", True)


def test_denied_stack_check_warns(stubbed: Stubbed) -> None:
    from tests.ops.doctor.test_endpoint import endpoint as described

    (sagemaker, endpoints), (cloudformation, stacks) = stubbed("sagemaker"), stubbed("cloudformation")
    endpoints.add_response("describe_endpoint", described())
    stacks.add_client_error("list_stack_resources", "AccessDenied")
    (finding,) = collect("endpoint name", lambda: account.endpoint_name(SETTINGS, sagemaker, cloudformation))
    assert finding.level == "warning"


def test_missing_network_fails() -> None:
    def check() -> Iterator[Finding]:
        raise EndpointConnectionError(endpoint_url="https://ssm.ca-central-1.amazonaws.com")
        yield

    (finding,) = collect("CDK bootstrap", check)
    assert (finding.level, "Check the network" in finding.hint) == ("failure", True)
