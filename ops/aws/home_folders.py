"""What a deleted SageMaker Studio domain leaves in a VPC, and what keeps the VPC from being deleted.

The domain's home folders are an EFS file system that outlives it. Its mount targets, and the two security
groups between them and the apps, are in the VPC.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

from cli.errors import code_of
from ops.aws.deletion import unless_absent, wait_until_gone

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import boto3
    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ec2.type_defs import SecurityGroupTypeDef
    from mypy_boto3_efs import EFSClient

    Report = Callable[[str], None]

# SageMaker names the groups after the domain, and tags the file system with the domain's ARN.
_GROUPS = ("security-group-for-inbound-nfs-*", "security-group-for-outbound-nfs-*")
_TAG = "ManagedByAmazonSageMakerResource"


def clear_network(session: boto3.Session, vpc_id: str, *, keep_homes: bool, report: Report) -> list[str]:
    """Delete what deleted domains left in a VPC: mount targets, then their security groups.

    The home folders are deleted too unless `keep_homes`; those that stay are returned. The groups go last, so
    that a run after an interruption finds the rest by their names. Raises UserError after 20 minutes.
    """
    efs, ec2 = session.client("efs"), session.client("ec2")
    groups = _nfs_groups(ec2, vpc_id)
    domains = {_domain(group) for group in groups}
    if domains:
        pages = session.client("sagemaker").get_paginator("list_domains").paginate()
        living = domains & {domain["DomainId"] for page in pages for domain in page["Domains"]}
        for domain in sorted(living):
            report(f"! the Studio domain {domain} still uses {vpc_id}: delete it first")
        domains -= living
    homes = _homes(efs, domains)
    for home in homes:
        _unmount(efs, home, vpc_id, report)
        if not keep_homes:
            report(f"… deleting Studio's home folders, {home}")
            _delete_homes(efs, home)
    _delete_groups(ec2, [group for group in groups if _domain(group) in domains], report)
    return [f"AWS::EFS::FileSystem {home} (home folders of Studio)" for home in homes if keep_homes]


def _nfs_groups(ec2: EC2Client, vpc_id: str) -> list[SecurityGroupTypeDef]:
    pages = ec2.get_paginator("describe_security_groups").paginate(
        Filters=[{"Name": "vpc-id", "Values": [vpc_id]}, {"Name": "group-name", "Values": list(_GROUPS)}]
    )
    return [group for page in pages for group in page["SecurityGroups"]]


def _domain(group: SecurityGroupTypeDef) -> str:
    return group["GroupName"].partition("-nfs-")[2]


def _homes(efs: EFSClient, domains: set[str]) -> list[str]:
    if not domains:
        return []
    return [
        found["FileSystemId"]
        for page in efs.get_paginator("describe_file_systems").paginate()
        for found in page["FileSystems"]
        for tag in found["Tags"]
        if tag["Key"] == _TAG and tag["Value"].rpartition(":domain/")[2] in domains
    ]


def _unmount(efs: EFSClient, home: str, vpc_id: str, report: Report) -> None:
    requested: set[str] = set()

    def mount_targets() -> list[str]:
        pages = efs.get_paginator("describe_mount_targets").paginate(FileSystemId=home)
        found = [
            target["MountTargetId"]
            for page in pages
            for target in page["MountTargets"]
            if target.get("VpcId") == vpc_id and target["LifeCycleState"] != "deleted"
        ]
        for target in found:
            if target not in requested:
                report(f"… deleting the mount target {target} of Studio's home folders, {home}")
                unless_absent(partial(efs.delete_mount_target, MountTargetId=target))
                requested.add(target)
        return [f"the mount target {target}" for target in found]

    wait_until_gone(mount_targets)


def _delete_homes(efs: EFSClient, home: str) -> None:
    def still_there() -> list[str]:
        try:
            efs.delete_file_system(FileSystemId=home)
        except ClientError as error:
            if code_of(error) == "FileSystemNotFound":
                return []
            # While the last mount target disappears, and while the file system itself does.
            if code_of(error) not in ("FileSystemInUse", "IncorrectFileSystemLifeCycleState"):
                raise
        return [f"the file system {home}"]

    wait_until_gone(still_there)


def _delete_groups(ec2: EC2Client, groups: Sequence[SecurityGroupTypeDef], report: Report) -> None:
    # They refer to each other: no group can be deleted before the rules of all.
    for group in groups:
        _revoke_rules(ec2, group["GroupId"])
    for group in groups:
        report(f"… deleting Studio's security group {group['GroupName']}")

        def in_use(group: SecurityGroupTypeDef = group) -> list[str]:
            try:
                unless_absent(lambda: ec2.delete_security_group(GroupId=group["GroupId"]))
            except ClientError as error:
                # The network interface of a mount target disappears some time after it.
                if code_of(error) != "DependencyViolation":
                    raise
                return [f"the security group {group['GroupName']}"]
            return []

        wait_until_gone(in_use)


def _revoke_rules(ec2: EC2Client, group_id: str) -> None:
    pages = ec2.get_paginator("describe_security_group_rules").paginate(
        Filters=[{"Name": "group-id", "Values": [group_id]}]
    )
    rules = [rule for page in pages for rule in page["SecurityGroupRules"]]
    inward = [rule["SecurityGroupRuleId"] for rule in rules if not rule["IsEgress"]]
    outward = [rule["SecurityGroupRuleId"] for rule in rules if rule["IsEgress"]]
    if inward:
        ec2.revoke_security_group_ingress(GroupId=group_id, SecurityGroupRuleIds=inward)
    if outward:
        ec2.revoke_security_group_egress(GroupId=group_id, SecurityGroupRuleIds=outward)
