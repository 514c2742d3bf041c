"""An account with stacks, behind real clients of boto3.

Each call is checked against botocore's description of it, and so is each answer.
"""

from functools import cache, partial
from typing import Any

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

Answer = dict[str, Any]


@cache
def _client(service: str) -> Any:
    session: Any = boto3.Session("testing", "testing", region_name="ca-central-1")
    return session.client(service)


class StubAccount:
    """Stacks, the objects of one bucket, and log groups.

    `calls` lists every call that changes something. `interrupt_at` names one that raises KeyboardInterrupt,
    `denied` one that the credentials may not make.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.interrupt_at = ""
        self.denied = ""
        self.without_template: set[str] = set()
        self.stacks: dict[str, dict[str, Any]] = {}
        self.objects = {f"answers/{number}.out" for number in range(1200)}
        self.logs = {"/aws/sagemaker/Endpoints/blip2-endpoint"}

    def client(self, service: str, **_: Any) -> Any:
        """Return a client of boto3 whose calls this account answers."""
        client = _client(service)
        client._make_api_call = partial(self._call, client)
        return client

    def holds(self, name: str, *resources: tuple[str, str, str], protected: bool = False) -> None:
        """Add a stack with resources: type, physical id and deletion policy."""
        self.stacks[name] = {"resources": resources, "protected": protected}

    def undeletable(self, kinds: set[str]) -> str:
        """Return why a stack with these types of resources cannot be deleted; empty if it can be."""
        return ""

    def refuse(self, code: str, message: str = "refused") -> None:
        """Answer a call with an error."""
        raise ClientError({"Error": {"Code": code, "Message": message}}, "Operation")

    def _call(self, client: Any, operation: str, given: Answer) -> Answer:
        shape = client.meta.service_model.operation_model(operation)
        if shape.input_shape is not None:
            validate_parameters(given, shape.input_shape)
        name = f"_{client.meta.service_model.service_name}_{xform_name(operation)}"
        if not operation.startswith(("Describe", "List", "Get")):
            self.calls.append(" ".join([operation, *(str(value) for value in given.values())]))
            if operation == self.interrupt_at:
                raise KeyboardInterrupt
        if operation == self.denied:
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": "denied"}}, operation)
        named = {xform_name(key): value for key, value in given.items()}
        found: Answer = getattr(self, name)(**named) or {}
        # botocore itself parses a template, which AWS sends as text.
        if shape.output_shape is not None and operation != "GetTemplate":
            validate_parameters(found, shape.output_shape)
        return found

    def _sts_get_caller_identity(self) -> Answer:
        return {"Account": "123456789012"}

    def _cloudformation_describe_stacks(self, **given: str) -> Answer:
        names = [given["stack_name"]] if "stack_name" in given else list(self.stacks)
        if set(names) - set(self.stacks):
            self.refuse("ValidationError", f"Stack with id {names[0]} does not exist")
        return {
            "Stacks": [
                {
                    "StackName": name,
                    "CreationTime": 0,
                    "StackStatus": "DELETE_FAILED"
                    if "reason" in self.stacks[name]
                    else self.stacks[name].get("status", "CREATE_COMPLETE"),
                    "StackStatusReason": self.stacks[name].get("reason", ""),
                    "EnableTerminationProtection": self.stacks[name]["protected"],
                }
                for name in names
            ]
        }

    def _cloudformation_get_template(self, stack_name: str) -> Answer:
        if stack_name in self.without_template:
            self.refuse("ValidationError", "Template not found")
        declared = enumerate(self.stacks[stack_name]["resources"])
        return {"TemplateBody": {"Resources": {f"R{n}": {"DeletionPolicy": one[2]} for n, one in declared}}}

    def _cloudformation_list_stack_resources(self, stack_name: str) -> Answer:
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": f"R{number}",
                    "PhysicalResourceId": identifier,
                    "ResourceType": kind,
                    "LastUpdatedTimestamp": 0,
                    "ResourceStatus": "CREATE_COMPLETE",
                }
                for number, (kind, identifier, _) in enumerate(self.stacks[stack_name]["resources"])
            ]
        }

    def _cloudformation_update_termination_protection(
        self, stack_name: str, enable_termination_protection: bool
    ) -> None:
        if stack_name not in self.stacks:
            self.refuse("ValidationError")
        self.stacks[stack_name]["protected"] = enable_termination_protection

    def _cloudformation_delete_stack(self, stack_name: str) -> None:
        stack = self.stacks[stack_name]
        if stack["protected"]:
            self.refuse("ValidationError", "cannot be deleted while TerminationProtection is enabled")
        kinds = {kind for kind, _, _ in stack["resources"]}
        if stack_name.endswith("-results") and self.objects:
            stack["reason"] = "The bucket you tried to delete is not empty"
        elif reason := self.undeletable(kinds):
            stack["reason"] = reason
        else:
            del self.stacks[stack_name]

    def _ssm_delete_parameter(self, name: str) -> None:
        self.refuse("ParameterNotFound")

    def _s3_list_objects_v2(self, bucket: str, continuation_token: str = "") -> Answer:
        assert bucket == "vitrine-shop-exchange"
        found = [{"Key": key} for key in sorted(self.objects) if key > continuation_token][:1000]
        more = len(found) == 1000
        return {"Contents": found, "IsTruncated": more} | (
            {"NextContinuationToken": found[-1]["Key"]} if more else {}
        )

    def _s3_delete_objects(self, bucket: str, delete: dict[str, Any]) -> Answer:
        self.objects -= {one["Key"] for one in delete["Objects"]}
        return {}

    def _logs_delete_log_group(self, log_group_name: str) -> None:
        if log_group_name not in self.logs:
            self.refuse("ResourceNotFoundException")
        self.logs.discard(log_group_name)
