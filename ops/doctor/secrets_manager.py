"""The secrets that the settings name: whether they are there. Their values are read by nobody here."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.findings import Finding, failure, warning, well

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from settings.environment import Environment

AWS_KEY = "alias/aws/secretsmanager"


def secret(settings: Environment, name: str, secrets: SecretsManagerClient) -> Iterator[Finding]:
    """Whether a secret is there, has a value, and can be decrypted by the stacks' roles."""
    subject, region = f"secret {name}", settings.region
    # The value is typed in: it stands in no shell's history, and in no list of processes.
    typed, value = (
        'Run `read -rs KEY; printf %s "$KEY" | aws secretsmanager',
        "file:///dev/stdin`, and type it in.",
    )
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
            f"is encrypted with {key}, which the stacks' roles may not use by themselves.",
            "Allow them kms:Decrypt in that key's policy, or encrypt the secret with AWS's own key.",
        )
    else:
        yield well(subject, "is there, with a value")
