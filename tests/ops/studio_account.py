"""An account with SageMaker Studio in its VPC: deletions take time, and AWS's refusals are there."""

from typing import Any

from tests.ops.stub_account import Answer, StubAccount

VPC, DOMAIN, HOME = "vpc-1", "d-studio", "fs-00000001"
ARN = f"arn:aws:sagemaker:ca-central-1:123456789012:domain/{DOMAIN}"
INBOUND, OUTBOUND = f"security-group-for-inbound-nfs-{DOMAIN}", f"security-group-for-outbound-nfs-{DOMAIN}"
# The calls that a deletion takes to finish.
LAG = 2


class StudioAccount(StubAccount):
    """An account with a Studio domain and its contents, and what the domain made in the VPC."""

    def __init__(self) -> None:
        super().__init__()
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
        self._leaving: dict[str, int] = {}

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
        self.holds("vitrine-shop-results", ("AWS::S3::Bucket", "vitrine-shop-exchange", "Delete"))
        self.holds("vitrine-shop-analyze", ("AWS::EC2::VPC", VPC, "Delete"))
        self.holds(
            "vitrine-shop-studio",
            ("AWS::SageMaker::Domain", DOMAIN, "Delete"),
            ("AWS::SageMaker::UserProfile", f"modeller|{DOMAIN}", "Delete"),
            ("AWS::KMS::Key", "key-1", policy),
            protected=protected and retained,
        )

    def undeletable(self, kinds: set[str]) -> str:
        if "AWS::SageMaker::Domain" in kinds:
            if self.apps or self.spaces or set(self.users) - {"modeller"}:
                return "Unable to delete Domain: it still has apps, spaces or users"
            self.domains.discard(DOMAIN)
        if "AWS::EC2::VPC" in kinds and (self.groups or self._in_vpc()):
            return f"The vpc '{VPC}' has dependencies and cannot be deleted"
        return ""

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
            self.refuse("ResourceInUse")
        app["Status"] = "Deleting"
        self._leaving[app_name] = LAG

    def _sagemaker_list_spaces(self, domain_id_equals: str) -> Answer:
        for name in list(self.spaces):
            self._leave(name, self.spaces)
        return {"Spaces": [{"SpaceName": name, "Status": status} for name, status in self.spaces.items()]}

    def _sagemaker_delete_space(self, domain_id: str, space_name: str) -> None:
        if any(app.get("SpaceName") == space_name for app in self.apps.values()):
            self.refuse("ResourceInUse")
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
            self.refuse("ResourceInUse")
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
            self.refuse("MountTargetNotFound")
        self._leaving[mount_target_id] = LAG

    def _efs_delete_file_system(self, file_system_id: str) -> None:
        if file_system_id not in self.homes:
            self.refuse("FileSystemNotFound")
        if any(home == file_system_id for home, _ in self.mount_targets.values()):
            self.refuse("FileSystemInUse")
        if file_system_id in self._leaving:
            if self._leave(file_system_id, self.homes) == "leaving":
                self.refuse("IncorrectFileSystemLifeCycleState")
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
            self.refuse("InvalidGroup.NotFound")
        # The network interface of a mount target stays for some calls.
        if not self._in_vpc() and self.interfaces.get(group_id, 0) > 0:
            self.interfaces[group_id] -= 1
        if self.interfaces.get(group_id) or any(group_id == other for _, other, _ in self.rules.values()):
            self.refuse("DependencyViolation")
        del self.groups[group_id]
