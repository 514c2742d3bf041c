"""What the settings name and the stacks do not make: zones, a hosted zone, secrets and a container image."""

from __future__ import annotations

import os
import platform
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

from cli.findings import Finding, failure, ok, warning
from settings.naming import LINK_ZONES, image_repository_name

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_ec2 import EC2Client
    from mypy_boto3_ecr import ECRClient
    from mypy_boto3_route53 import Route53Client
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from settings.environment import Environment
    from settings.schema import Domain

# Regions in which API Gateway makes a VPC link in some zones only, and the ids of those zones. A zone's
# letter differs between accounts; its id does not.
VPC_LINK_ZONES = {
    "ap-east-1": {"ape1-az2", "ape1-az3"},
    "ap-northeast-1": {"apne1-az1", "apne1-az2", "apne1-az4"},
    "ca-central-1": {"cac1-az1", "cac1-az2"},
    "eu-west-3": {"euw3-az1", "euw3-az3"},
    "us-east-1": {"use1-az1", "use1-az2", "use1-az4", "use1-az5", "use1-az6"},
    "us-west-1": {"usw1-az1", "usw1-az3"},
}
AWS_KEY = "alias/aws/secretsmanager"
IMAGE = "image"
_ARM = ("arm64", "aarch64")
_INTERPRETER = Path("/proc/sys/fs/binfmt_misc/qemu-aarch64")


def zones(settings: Environment, ec2: EC2Client) -> Iterator[Finding]:
    """Whether the zones of the settings exist, and the first two can hold the gateway's VPC link."""
    found = ec2.describe_availability_zones()["AvailabilityZones"]
    ids = {zone["ZoneName"]: zone["ZoneId"] for zone in found}
    linked = VPC_LINK_ZONES.get(settings.region)
    choices = sorted(name for name, identifier in ids.items() if linked is None or identifier in linked)
    hint = f"Begin zones with two of {', '.join(choices)}."
    for number, zone in enumerate(settings.zones):
        if zone not in ids:
            yield failure("zones", f"{zone} is not a zone of this account.", hint)
        elif number < LINK_ZONES and linked is not None and ids[zone] not in linked:
            yield failure("zones", f"{zone} is {ids[zone]}, where API Gateway makes no VPC link.", hint)
        else:
            yield ok("zones", f"{zone} is {ids[zone]}")


def domain_zone(domain: Domain, route53: Route53Client) -> Iterator[Finding]:
    """Whether the hosted zone exists, is public, and has the name in the settings."""
    subject = f"domain {domain.name}"
    hint = "Set domain.hosted_zone_id and domain.hosted_zone_name to those of a public hosted zone."
    try:
        found = route53.get_hosted_zone(Id=domain.hosted_zone_id)
    except route53.exceptions.NoSuchHostedZone:
        yield failure(subject, f"this account has no hosted zone {domain.hosted_zone_id}.", hint)
        return
    zone, name = found["HostedZone"], found["HostedZone"]["Name"].rstrip(".")
    if zone.get("Config", {}).get("PrivateZone"):
        yield failure(subject, f"the hosted zone {domain.hosted_zone_id} is private.", hint)
    elif name != domain.hosted_zone_name:
        text = f"the hosted zone {domain.hosted_zone_id} is {name}, not {domain.hosted_zone_name}."
        yield failure(subject, text, hint)
    else:
        servers = ", ".join(found.get("DelegationSet", {}).get("NameServers", []))
        yield ok(subject, f"hosted zone {name}; the registrar must name its servers: {servers}")


def secret(settings: Environment, name: str, secrets: SecretsManagerClient) -> Iterator[Finding]:
    """Whether a secret exists, has a value (which is not read), and the stacks' roles can decrypt it."""
    subject, region = f"secret {name}", settings.region
    # The value is read from the terminal, so that it is in no shell history and no list of processes.
    typed = 'Run `read -rs KEY; printf %s "$KEY" | aws secretsmanager'
    value = "file:///dev/stdin`, and type it in."
    try:
        found = secrets.describe_secret(SecretId=name)
    except secrets.exceptions.ResourceNotFoundException:
        hint = f"{typed} create-secret --region {region} --name {name} --secret-string {value}"
        yield failure(subject, f"is not in {region} of this account.", hint)
        return
    if "DeletedDate" in found:
        hint = f"Run `aws secretsmanager restore-secret --region {region} --secret-id {name}`."
        yield failure(subject, "is being deleted.", hint)
    elif not any("AWSCURRENT" in stages for stages in found.get("VersionIdsToStages", {}).values()):
        hint = f"{typed} put-secret-value --region {region} --secret-id {name} --secret-string {value}"
        yield failure(subject, "has no value.", hint)
    elif (key := found.get("KmsKeyId", AWS_KEY)) and not key.endswith(AWS_KEY):
        yield warning(
            subject,
            f"is encrypted with {key}, which the stacks' roles may not use by default.",
            "Allow them kms:Decrypt in that key's policy, or encrypt the secret with AWS's own key.",
        )
    else:
        yield ok(subject, "has a value")


def pushed(settings: Environment, digest: str, ecr: ECRClient) -> Iterator[Finding]:
    """Whether the environment's repository holds the image of the settings."""
    repository = image_repository_name(settings.name)
    hint = f"Run `make image ENV={settings.name}` and set image_digest to what it prints."
    try:
        ecr.describe_images(repositoryName=repository, imageIds=[{"imageDigest": digest}])
    except ecr.exceptions.RepositoryNotFoundException:
        yield failure(
            IMAGE,
            f"image_digest names an image of {repository}, which does not exist yet.",
            f"Leave image_digest out of the first deployment. Later: {hint}",
        )
    except ecr.exceptions.ImageNotFoundException:
        yield failure(IMAGE, f"{repository} holds no image {digest}.", hint)
    else:
        yield ok(IMAGE, f"{repository}@{digest}")


def buildable(settings: Environment) -> Iterator[Finding]:
    """Whether this machine can build the ARM64 image while it deploys."""
    tool = os.environ.get("CDK_DOCKER") or "docker"
    if shutil.which(tool) is None:
        yield failure(
            IMAGE,
            f"without image_digest the CDK builds the image, and {tool} is not installed.",
            "Install Docker, name another tool in CDK_DOCKER, or set image_digest to a pushed image.",
        )
    elif platform.system() == "Linux" and platform.machine() not in _ARM and not _INTERPRETER.exists():
        yield warning(
            IMAGE,
            f"{tool} needs an emulator of ARM64 to build here, and none is registered.",
            f"Run `{tool} run --privileged --rm tonistiigi/binfmt --install arm64`, "
            "or deploy from an ARM64 machine.",
        )
    else:
        yield ok(IMAGE, f"is built by {tool} during the deployment")
