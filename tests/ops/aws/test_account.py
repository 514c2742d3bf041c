"""The stack outputs, from the file that a deployment leaves or from the account."""

import io
import json
from pathlib import Path

import boto3
import pytest
from moto import mock_aws

from cli.errors import UserError
from ops.aws.account import outputs_file, published_outputs, read_outputs
from settings.environment import Environment

OUTPUTS = {
    "ApiUrl": "https://api.shop.example",
    "SupabaseUrl": "https://shop.supabase.example",
    "SupabasePublishableKey": "sb_publishable_1",
}


@pytest.mark.parametrize(
    "content", [OUTPUTS, {"vitrine-shop-gateway": OUTPUTS, "vitrine-shop-storage": {"A": "b"}}]
)
def test_outputs_are_read_by_stack(tmp_path: Path, content: dict[str, str]) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(json.dumps(content))
    assert read_outputs(str(file)) == OUTPUTS


def test_dash_is_standard_input(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(json.dumps(OUTPUTS)))
    assert read_outputs("-") == OUTPUTS


@pytest.mark.parametrize(
    ("content", "expected"),
    [("", "holds no stack outputs"), ("[]", "holds no stack"), ("{}", "holds no output 'ApiUrl'")],
)
def test_other_file_is_refused(tmp_path: Path, content: str, expected: str) -> None:
    file = tmp_path / "outputs.json"
    file.write_text(content)
    with pytest.raises(UserError, match=expected):
        read_outputs(str(file))


def test_account_publishes_outputs(settings: Environment) -> None:
    with mock_aws():
        session = boto3.Session(region_name="ca-central-1")
        with pytest.raises(UserError, match="shop is not deployed in ca-central-1") as raised:
            published_outputs(settings, session)
        assert "make deploy ENV=shop" in raised.value.hint
        for name, value in (
            ("api-url", OUTPUTS["ApiUrl"]),
            ("supabase-url", OUTPUTS["SupabaseUrl"]),
            ("supabase-publishable-key", OUTPUTS["SupabasePublishableKey"]),
        ):
            session.client("ssm").put_parameter(Name=f"/vitrine/shop/{name}", Value=value, Type="String")
        assert published_outputs(settings, session) == OUTPUTS


def test_each_environment_has_its_file(settings: Environment) -> None:
    assert outputs_file(settings).name == "outputs-shop.json"
