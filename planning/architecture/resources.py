"""What the picture shows of the templates: their main resources, and what leads from one to another.

A resource that only joins two others (an integration, a subscription, a mapping) becomes an edge. One that
only describes another (a task's definition, an endpoint's configuration) counts as part of that one.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

SHOWN = {
    "AWS::ApiGatewayV2::Api": "HTTP API",
    "AWS::CloudFront::Distribution": "CloudFront",
    "AWS::DynamoDB::GlobalTable": "DynamoDB table",
    "AWS::ECR::Repository": "image repository",
    "AWS::ECS::Service": "Fargate service",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "load balancer",
    "AWS::Lambda::Function": "Lambda function",
    "AWS::S3::Bucket": "S3 bucket",
    "AWS::SNS::Topic": "SNS topic",
    "AWS::SQS::Queue": "SQS queue",
    "AWS::SageMaker::Domain": "Studio domain",
    "AWS::SageMaker::Endpoint": "SageMaker endpoint",
}
"""Type of a resource that is a node → what the picture calls it."""
STORES = {"DynamoDB table", "S3 bucket", "SageMaker endpoint", "outside"}
"""Kinds of nodes whose users carry their number, as lines from every one of them would hide the others."""
_PARTS = {"AWS::ECS::TaskDefinition", "AWS::SageMaker::EndpointConfig", "AWS::SageMaker::Model"}
_JOINS = {
    "AWS::ApiGatewayV2::Authorizer": ("ApiId", "AuthorizerUri"),
    "AWS::ApiGatewayV2::Integration": ("ApiId", "IntegrationUri"),
    "AWS::Lambda::EventSourceMapping": ("EventSourceArn", "FunctionName"),
    "AWS::SNS::Subscription": ("TopicArn", "Endpoint"),
}
"""Type of a resource that joins two others → its properties that name source and target."""
_OUTSIDE = {
    "OPENAI_API_KEY": "OpenAI",
    "OPENAI_SECRET_NAME": "OpenAI",
    "POSTHOG_CAPTURE_URL": "PostHog",
    "SUPABASE_URL": "Supabase",
    "WEBHOOK_URL": "Webhook target",
}
"""Environment variable → the service outside of AWS that a function or task with it calls."""
OUTSIDE = "outside AWS"

Key = tuple[str, str]
"""Stack and logical id."""


@dataclass(frozen=True)
class Node:
    """A resource of a stack; `note` is a second line, empty where there is none."""

    key: Key
    name: str
    kind: str
    note: str = ""


@dataclass(frozen=True)
class Edge:
    """What leads from one node to another: an event, or a use by properties or environment variables."""

    source: Key
    target: Key
    kind: Literal["event", "use"]


class Templates:
    """The templates of an environment, by stack."""

    def __init__(self, stacks: Mapping[str, Mapping[str, Any]]) -> None:
        self._resources: dict[Key, dict[str, Any]] = {
            (stack, name): resource
            for stack, template in sorted(stacks.items())
            for name, resource in template["Resources"].items()
        }
        self._exports: dict[str, tuple[str, Any]] = {
            output["Export"]["Name"]: (stack, output["Value"])
            for stack, template in stacks.items()
            for output in template.get("Outputs", {}).values()
            if "Export" in output
        }

    @cached_property
    def nodes(self) -> dict[Key, Node]:
        """The nodes, without dead letters, which are a note of their queue, and the CDK's own functions."""
        found = {
            key: Node(key, _name(key), SHOWN[resource["Type"]], _note(resource))
            for key, resource in self._resources.items()
            if resource["Type"] in SHOWN
            and not key[1].startswith("CustomCDK")
            and key not in self._dead_letters
        }
        return found | {
            (OUTSIDE, name): Node((OUTSIDE, name), name, "outside")
            for key in found
            for name in self._called_outside(key)
        }

    @cached_property
    def edges(self) -> frozenset[Edge]:
        """The edges between nodes, without those to a queue's dead letters."""
        found = {Edge(*ends, "event") for ends in self._joined()}
        joined = {(edge.source, edge.target) for edge in found}
        for key in self.nodes:
            found |= {Edge(key, (OUTSIDE, name), "use") for name in self._called_outside(key)}
            found |= {
                Edge(key, target, "use")
                for target in self._reached(key, self._properties(key))
                if target not in {key, *self._dead_letters} and (key, target) not in joined
            }
        return frozenset(edge for edge in found if {edge.source, edge.target} <= self.nodes.keys())

    def others(self) -> dict[str, dict[str, int]]:
        """Return how many resources of which type the stacks without a node have."""
        shown = {stack for stack, _ in self.nodes}
        counts: dict[str, dict[str, int]] = {}
        for (stack, _), resource in self._resources.items():
            if stack not in shown:
                of_stack = counts.setdefault(stack, {})
                of_stack[resource["Type"]] = of_stack.get(resource["Type"], 0) + 1
        return counts

    @cached_property
    def _dead_letters(self) -> set[Key]:
        return {
            target
            for key, resource in self._resources.items()
            if resource["Type"] == "AWS::SQS::Queue"
            for target in self._reached(key, resource.get("Properties", {}).get("RedrivePolicy"))
        }

    @cached_property
    def _endpoints(self) -> dict[str, Key]:
        """Endpoint name → its key: services find the endpoint by its name."""
        return {
            resource["Properties"]["EndpointName"]: key
            for key, resource in self._resources.items()
            if resource["Type"] == "AWS::SageMaker::Endpoint"
        }

    def _joined(self) -> Iterator[tuple[Key, Key]]:
        groups: dict[Key, list[Key]] = {}
        for key, resource in self._resources.items():
            if resource["Type"] == "AWS::ECS::Service":
                for group in self._reached(key, resource["Properties"].get("LoadBalancers")):
                    groups.setdefault(group, []).append(key)
        for key, resource in self._resources.items():
            properties = resource.get("Properties", {})
            if resource["Type"] in _JOINS:
                source, target = _JOINS[resource["Type"]]
                for start in self._reached(key, properties.get(source)):
                    for end in self._reached(key, properties.get(target)):
                        yield start, self._behind(end)
            elif resource["Type"] == "AWS::ElasticLoadBalancingV2::Listener":
                for balancer in self._reached(key, properties["LoadBalancerArn"]):
                    for group in self._reached(key, properties["DefaultActions"]):
                        yield from ((balancer, service) for service in groups.get(group, ()))

    def _behind(self, key: Key) -> Key:
        """Return the load balancer of a listener; any other resource as it is."""
        resource = self._resources[key]
        if resource["Type"] != "AWS::ElasticLoadBalancingV2::Listener":
            return key
        return next(self._reached(key, resource["Properties"]["LoadBalancerArn"]))

    def _properties(self, key: Key) -> Any:
        return self._resources[key].get("Properties", {}) if key in self._resources else {}

    def _called_outside(self, key: Key) -> list[str]:
        text = json.dumps([self._properties(part) for part in (key, *self._parts(key))])
        # Sorted: the picture must not depend on the order of a set.
        return sorted({name for variable, name in _OUTSIDE.items() if f'"{variable}"' in text})

    def _parts(self, key: Key) -> Iterator[Key]:
        for found in self._references(key[0], self._properties(key)):
            if self._resources[found]["Type"] in _PARTS:
                yield found
                yield from self._parts(found)

    def _reached(self, key: Key, value: Any) -> Iterator[Key]:
        """Yield each resource that a value of the resource's stack names, through its parts."""
        for found in self._references(key[0], value):
            yield found
            if self._resources[found]["Type"] in _PARTS:
                yield from self._reached(found, self._properties(found))

    def _references(self, stack: str, value: Any) -> Iterator[Key]:
        if isinstance(value, str) and value in self._endpoints:
            yield self._endpoints[value]
        elif isinstance(value, list):
            for item in value:
                yield from self._references(stack, item)
        elif isinstance(value, dict):
            if "Fn::ImportValue" in value:
                yield from self._references(*self._exports[value["Fn::ImportValue"]])
                return
            name = value.get("Ref") or next(iter(value.get("Fn::GetAtt", ())), None)
            if isinstance(name, str) and (stack, name) in self._resources:
                yield stack, name
                return
            for item in value.values():
                yield from self._references(stack, item)


def _name(key: Key) -> str:
    """Return a logical id as words: without the CDK's hash, and what every id of the kind ends with."""
    plain = re.sub(r"[0-9A-F]{8}$", "", key[1])
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", plain.removesuffix("Function").removesuffix("Topic"))
    return words[:1] + words[1:].lower() if words != "Api" else "API"


def _note(resource: Mapping[str, Any]) -> str:
    redrive = resource.get("Properties", {}).get("RedrivePolicy")
    if resource["Type"] == "AWS::SQS::Queue" and redrive:
        return f"dead letters after {redrive['maxReceiveCount']}"
    return ""
