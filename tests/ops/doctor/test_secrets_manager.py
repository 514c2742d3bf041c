"""The secrets that the settings name exist; their values are not read."""

from datetime import UTC, datetime
from typing import Any

import pytest

from ops.doctor.references import secret
from settings.environment import Environment
from tests.ops.conftest import Stubbed

NAME = "vitrine/shop/openai"
VALUE = {"VersionIdsToStages": {"1" * 32: ["AWSPREVIOUS"], "2" * 32: ["AWSCURRENT"]}}
KEY = "arn:aws:kms:ca-central-1:123456789012:key/1"


@pytest.mark.parametrize(
    ("answer", "level", "hint"),
    [
        (VALUE, "ok", ""),
        ({**VALUE, "KmsKeyId": "alias/aws/secretsmanager"}, "ok", ""),
        ({**VALUE, "KmsKeyId": KEY}, "warning", "kms:Decrypt"),
        ({}, "failure", "put-secret-value"),
        ({"VersionIdsToStages": {"1" * 32: ["AWSPENDING"]}}, "failure", "put-secret-value"),
        ({**VALUE, "DeletedDate": datetime(2026, 11, 1, tzinfo=UTC)}, "failure", "restore-secret"),
    ],
)
def test_secret_needs_readable_value(
    settings: Environment, stubbed: Stubbed, answer: dict[str, Any], level: str, hint: str
) -> None:
    client, stub = stubbed("secretsmanager")
    stub.add_response("describe_secret", answer, {"SecretId": NAME})
    (finding,) = secret(settings, NAME, client)
    assert finding.level == level
    assert hint in finding.hint


def test_missing_secret_is_typed_in(settings: Environment, stubbed: Stubbed) -> None:
    client, stub = stubbed("secretsmanager")
    stub.add_client_error("describe_secret", "ResourceNotFoundException")
    (finding,) = secret(settings, NAME, client)
    assert finding.level == "failure"
    assert (
        f"create-secret --region ca-central-1 --name {NAME} --secret-string file:///dev/stdin" in finding.hint
    )
