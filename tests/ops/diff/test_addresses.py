"""Whatever says in the templates where requests, photos, reports and alarms go, is told where it changes."""

import re
from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

import pytest

from ops.diff.rules import judge_properties, rule_book
from ops.diff.templates import ResourceChange
from ops.diff.values import is_intrinsic
from tests.stacks.assemblies import assembled, full_environment

Place = tuple[str | int, ...]
# By its last part, a path names an address, a store, a role, a key, a route, or a namespace of metrics.
TELLS = re.compile(
    r"(ur[il]|arn|role|address|(?<!api)endpoint|namespace|topic|path|target|(connection|gateway)id|subnets\.\*"
    r"|securitygroups\.\*|origins\.\*\.domainname|requestparameters\..*|alarmactions\.\*|kms(master)?keyid"
    r"|_(bucket|table|issuer|secret_name|key_id|log_group)|ssm::parameter value)$",
    re.IGNORECASE,
)
# Told otherwise: by what a new resource in their place means, or by who may do what.
ELSEWHERE = {
    "AWS::ApplicationAutoScaling::ScalableTarget RoleARN": "the service's own role, whatever is written",
    "AWS::ApplicationAutoScaling::ScalableTarget ServiceNamespace": "replaces: another target",
    "AWS::EC2::FlowLog DeliverLogsPermissionArn": "replaces: a second one is refused",
    "AWS::ElasticLoadBalancingV2::Listener LoadBalancerArn": "replaces: requests fail",
    "AWS::Lambda::Permission SourceArn": "access: a caller comes, another may call no more",
    "AWS::SageMaker::Domain DefaultUserSettings.DefaultLandingUri": "a page of Studio itself",
    "AWS::SageMaker::Domain KmsKeyId": "replaces: home folders are lost",
}
# Not in use: that there is one at all is what is judged.
COMING = {
    "AWS::IAM::AccessKey",
    "AWS::IAM::SAMLProvider",
    "AWS::IAM::UserToGroupAddition",
    "AWS::Lambda::Url",
}


def places(value: Any, place: Place = ()) -> Iterator[Place]:
    """Yield the places of a resource's values; what is computed is one of them."""
    inside: Any = ()
    if isinstance(value, dict) and not is_intrinsic(value):
        inside = [("Value", value["Value"])] if set(value) == {"Name", "Value"} else value.items()
    elif isinstance(value, list):
        inside = enumerate(value)
    else:
        yield place
    for key, one in inside:
        yield from places(one, (*place, key))


def named(resource: Mapping[str, Any], place: Place) -> str:
    """Return a place by its type and its path as rules write it, a variable by its name."""
    value: Any = resource["Properties"]
    parts: list[str] = []
    for key in place:
        if isinstance(value, dict) and set(value) == {"Name", "Value"}:
            parts[-1] = value["Name"]
        else:
            parts.append("*" if isinstance(key, int) else str(key))
        value = value[key]
    return f"{resource['Type']} {'.'.join(parts)}"


def elsewhere(resource: Mapping[str, Any], place: Place) -> dict[str, Any]:
    """Return a resource that names another address at a place."""
    changed = deepcopy(dict(resource))
    inside: Any = changed["Properties"]
    for key in place[:-1]:
        inside = inside[key]
    inside[place[-1]] = "https://elsewhere.example"
    return changed


@pytest.fixture(scope="module")
def resources() -> list[dict[str, Any]]:
    """The resources of an environment that has every section."""
    return [resource for _, resource in assembled(full_environment()).every()]


def test_changed_address_is_told(resources: list[dict[str, Any]]) -> None:
    told: dict[str, bool] = {}
    for resource in resources:
        for place in places(resource.get("Properties", {})):
            name = named(resource, place)
            # Policies are judged by what they allow.
            if name in told or not TELLS.search(name) or re.search("PolicyDocument|KeyPolicy", name):
                continue
            new = elsewhere(resource, place)
            change = ResourceChange("Thing", resource["Type"], "WILL_UPDATE", (), resource, new)
            told[name] = any(judge_properties("stack", change))
    assert {name for name, is_told in told.items() if not is_told} == ELSEWHERE.keys()


def test_rules_are_of_types_in_use(resources: list[dict[str, Any]]) -> None:
    used = {resource["Type"] for resource in resources}
    book = rule_book()
    ruled = {kind for rule in book.property for kind in rule.types} | book.single.keys()
    assert ruled - used - {"*"} == COMING
