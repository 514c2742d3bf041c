"""An account with SageMaker Studio in its VPC, behind real clients of boto3.

Each call is checked against botocore's description of it, and so is each answer. Deletions finish some calls
later, and what AWS refuses is refused.
"""

from functools import cache, partial
from typing import Any

import boto3
from botocore import xform_name
from botocore.exceptions import ClientError
from botocore.validate import validate_parameters

VPC, DOMAIN, HOME = "vpc-1", "d-studio", "fs-00000001"
ARN = f"arn:aws:sagemaker:ca-central-1:123456789012:domain/{DOMAIN}"
INBOUND, OUTBOUND = f"security-group-for-inbound-nfs-{DOMAIN}", f"security-group-for-outbound-nfs-{DOMAIN}"
# The calls that a deletion takes to finish.
LAG = 2

Answer = dict[str, Any]


@cache
def _client(service: str) -> Any:
    session: Any = boto3.Session("testing", "testing", region_name="ca-central-1")
    return session.client(service)


class StubAccount:
    """Stacks, a Studio domain with its contents, and what the domain made in the VPC.

    `calls` lists every call that changes something. `interrupt_at` names one that raises KeyboardInterrupt,
    `denied` one that the credentials may not make.
    """

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.interrupt_at = ""
        self.denied = ""
        self.stacks: dict[str, dict[str, Any]] = {}
        self.domains = {DOMAIN}
        self.apps: dict[str, dict[str, Any]] = {}
        self.spaces: dict[str, str] = {}
        self.users: dict[str, str] = {"modeller": "InService"}
        self.homes = {HOME: ARN, "fs-00000002": "arn:aws:sagemaker:ca-central-1:123456789012:domain/d-other"}
        self.mount_targets = {
            "fsmt-00000001": (HOME, VPC),
            "fsmt-00000002": (HOME, VPC),
            "fsmt-00000003": ("fs-00000002", "vpc-2"),
        }
        self.groups = {"sg-in": INBOUND, "sg-out": OUTBOUND}
        # Rules by id: the group that has it, the group that it refers to, and whether it is outward.
        self.rules = {"sgr-in": ("sg-in", "sg-out", False), "sgr-out": ("sg-out", "sg-in", True)}
        self.interfaces = {"sg-in": 2 * LAG}
        self.logs = {"/aws/sagemaker/Endpoints/blip2-endpoint"}
        self._leaving: dict[str, int] = {}

    def client(self, service: str, **_: Any) -> Any:
        """Return a client of boto3 whose calls this account answers."""
        client = _client(service)
        client._make_api_call = partial(self._call, client)
        return client

    def holds(self, name: str, *resources: tuple[str, str, str], protected: bool = False) -> None:
        """Add a stack with resources: type, physical id and deletion policy."""
        self.stacks[name] = {"resources": resources, "protected": protected}

    def has_stacks(self, *, policy: str = "RetainExceptOnCreate", protected: bool = True) -> None:
        """Add the stacks of the environment shop that matter to Studio."""
        retained = policy != "Delete"
        self.holds(
            "vitrine-shop-storage",
            ("AWS::S3::Bucket", "vitrine-shop-images", policy),
            protected=protected and retained,
        )
        log = ("AWS::Logs::LogGroup", "/aws/sagemaker/Endpoints/blip2-endpoint", "Delete")
        self.holds("vitrine-shop-model", log)
        self.holds("vitrine-shop-analyze", ("AWS::EC2::VPC", VPC, "Delete"))
        self.holds(
            "vitrine-shop-studio",
            ("AWS::SageMaker::Domain", DOMAIN, "Delete"),
            ("AWS::SageMaker::UserProfile", f"modeller|{DOMAIN}", "Delete"),
            ("AWS::KMS::Key", "key-1", policy),
            protected=protected and retained,
        )

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

    def _refuse(self, code: str, message: str = "refused") -> None:
        raise ClientError({"Error": {"Code": code, "Message": message}}, "Operation")

    def _leave(self, name: str, things: Any) -> str:
        # Count one call down; return whether the thing is still there, is leaving, or is gone.
        if name not in self._leaving:
            return "there"
        self._leaving[name] -= 1
        if self._leaving[name] > 0:
            return "leaving"
        del self._leaving[name]
        things.pop(name, None)
        return "gone"

    def _sts_get_caller_identity(self) -> Answer:
        return {"Account": "123456789012"}

    def _cloudformation_describe_stacks(self, **given: str) -> Answer:
        names = [given["stack_name"]] if "stack_name" in given else list(self.stacks)
        if set(names) - set(self.stacks):
            self._refuse("ValidationError", f"Stack with id {names[0]} does not exist")
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
            self._refuse("ValidationError")
        self.stacks[stack_name]["protected"] = enable_termination_protection

    def _cloudformation_delete_stack(self, stack_name: str) -> None:
        stack = self.stacks[stack_name]
        if stack["protected"]:
            self._refuse("ValidationError", "cannot be deleted while TerminationProtection is enabled")
        kinds = {kind for kind, _, _ in stack["resources"]}
        if "AWS::SageMaker::Domain" in kinds and (self.apps or self.spaces or set(self.users) - {"modeller"}):
            stack["reason"] = "Unable to delete Domain: it still has apps, spaces or users"
        elif "AWS::EC2::VPC" in kinds and (self.groups or self._in_vpc()):
            stack["reason"] = f"The vpc '{VPC}' has dependencies and cannot be deleted"
        else:
            del self.stacks[stack_name]
            if "AWS::SageMaker::Domain" in kinds:
                self.domains.discard(DOMAIN)

    def _in_vpc(self) -> list[str]:
        return [name for name, (_, vpc) in self.mount_targets.items() if vpc == VPC]

    def _sagemaker_list_domains(self) -> Answer:
        return {"Domains": [{"DomainId": name} for name in self.domains]}

    def _sagemaker_list_apps(self, domain_id_equals: str) -> Answer:
        assert domain_id_equals == DOMAIN
        for name in list(self.apps):
            self._leave(name, self.apps)
        return {"Apps": [{"DomainId": DOMAIN, **app} for app in self.apps.values()]}

    def _sagemaker_delete_app(self, domain_id: str, app_type: str, app_name: str, **owner: str) -> None:
        app = self.apps[app_name]
        if (
            app["Status"] != "InService"
            or app["AppType"] != app_type
            or not set(owner.values()) <= set(app.values())
        ):
            self._refuse("ResourceInUse")
        app["Status"] = "Deleting"
        self._leaving[app_name] = LAG

    def _sagemaker_list_spaces(self, domain_id_equals: str) -> Answer:
        for name in list(self.spaces):
            self._leave(name, self.spaces)
        return {"Spaces": [{"SpaceName": name, "Status": status} for name, status in self.spaces.items()]}

    def _sagemaker_delete_space(self, domain_id: str, space_name: str) -> None:
        if any(app.get("SpaceName") == space_name for app in self.apps.values()):
            self._refuse("ResourceInUse")
        if self.spaces[space_name] == "InService":
            self.spaces[space_name] = "Deleting"
            self._leaving[space_name] = LAG
        elif self.spaces[space_name] == "broken":
            self.spaces[space_name] = "Delete_Failed"

    def _sagemaker_list_user_profiles(self, domain_id_equals: str) -> Answer:
        for name in list(self.users):
            self._leave(name, self.users)
        users = self.users.items()
        return {"UserProfiles": [{"UserProfileName": name, "Status": status} for name, status in users]}

    def _sagemaker_delete_user_profile(self, domain_id: str, user_profile_name: str) -> None:
        if self.spaces:
            self._refuse("ResourceInUse")
        self.users[user_profile_name] = "Deleting"
        self._leaving[user_profile_name] = LAG

    def _efs_describe_file_systems(self) -> Answer:
        return {
            "FileSystems": [
                {
                    "OwnerId": "123456789012",
                    "CreationToken": name,
                    "FileSystemId": name,
                    "CreationTime": 0,
                    "LifeCycleState": "available",
                    "NumberOfMountTargets": 0,
                    "SizeInBytes": {"Value": 0},
                    "PerformanceMode": "generalPurpose",
                    "Tags": [{"Key": "ManagedByAmazonSageMakerResource", "Value": arn}],
                }
                for name, arn in self.homes.items()
            ]
        }

    def _efs_describe_mount_targets(self, file_system_id: str) -> Answer:
        found = []
        for name, (home, vpc) in list(self.mount_targets.items()):
            state = self._leave(name, self.mount_targets)
            if home == file_system_id and state != "gone":
                found.append(
                    {
                        "MountTargetId": name,
                        "FileSystemId": home,
                        "SubnetId": "subnet-00000001",
                        "LifeCycleState": "available" if state == "there" else "deleting",
                        "VpcId": vpc,
                    }
                )
        return {"MountTargets": found}

    def _efs_delete_mount_target(self, mount_target_id: str) -> None:
        if mount_target_id not in self.mount_targets:
            self._refuse("MountTargetNotFound")
        self._leaving[mount_target_id] = LAG

    def _efs_delete_file_system(self, file_system_id: str) -> None:
        if file_system_id not in self.homes:
            self._refuse("FileSystemNotFound")
        if any(home == file_system_id for home, _ in self.mount_targets.values()):
            self._refuse("FileSystemInUse")
        if file_system_id in self._leaving:
            if self._leave(file_system_id, self.homes) == "leaving":
                self._refuse("IncorrectFileSystemLifeCycleState")
        else:
            self._leaving[file_system_id] = LAG

    def _ec2_describe_security_groups(self, filters: list[dict[str, Any]]) -> Answer:
        by_name = {one["Name"]: one["Values"] for one in filters}
        assert by_name["vpc-id"] == [VPC]
        assert all(pattern.endswith("*") for pattern in by_name["group-name"])
        prefixes = tuple(pattern.removesuffix("*") for pattern in by_name["group-name"])
        found = [(one, name) for one, name in self.groups.items() if name.startswith(prefixes)]
        return {"SecurityGroups": [{"GroupId": one, "GroupName": name} for one, name in found]}

    def _ec2_describe_security_group_rules(self, filters: list[dict[str, Any]]) -> Answer:
        ((group,),) = (one["Values"] for one in filters)
        return {
            "SecurityGroupRules": [
                {"SecurityGroupRuleId": name, "GroupId": owner, "IsEgress": outward}
                for name, (owner, _, outward) in self.rules.items()
                if owner == group
            ]
        }

    def _ec2_revoke_security_group_ingress(self, group_id: str, security_group_rule_ids: list[str]) -> None:
        for rule in security_group_rule_ids:
            assert self.rules.pop(rule)[::2] == (group_id, False)

    def _ec2_revoke_security_group_egress(self, group_id: str, security_group_rule_ids: list[str]) -> None:
        for rule in security_group_rule_ids:
            assert self.rules.pop(rule)[::2] == (group_id, True)

    def _ec2_delete_security_group(self, group_id: str) -> None:
        if group_id not in self.groups:
            self._refuse("InvalidGroup.NotFound")
        # The network interface of a mount target stays for some calls.
        if not self._in_vpc() and self.interfaces.get(group_id, 0) > 0:
            self.interfaces[group_id] -= 1
        if self.interfaces.get(group_id) or any(group_id == other for _, other, _ in self.rules.values()):
            self._refuse("DependencyViolation")
        del self.groups[group_id]

    def _logs_delete_log_group(self, log_group_name: str) -> None:
        if log_group_name not in self.logs:
            self._refuse("ResourceNotFoundException")
        self.logs.discard(log_group_name)
