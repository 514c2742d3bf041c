"""Studio as it is synthesized: shut in, encrypted, stopped when idle, and allowed no more than it needs."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from settings.environment import FOLDER, Environment, SettingsError, load_environment
from tests.stacks.conftest import Assembly, with_everything
from tests.stacks.reading import text
from tests.stacks.test_permissions import listed

STUDIO = {"user_name": "modeller", "network": "internet", "idle_shutdown_minutes": 60}
SETS = ["Create", "Describe", "Delete"]


def environment(**changes: Any) -> Environment:
    values = tomllib.loads((FOLDER / "prod.toml").read_text())
    return Environment.model_validate({"name": "shop", **values, "studio": STUDIO, **changes})


@pytest.fixture(scope="module")
def internet(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return Assembly(environment(), tmp_path_factory.mktemp("studio") / "shop")


def statements(assembly: Assembly, role: str) -> list[dict[str, Any]]:
    """Return what the policies of a role say, as in "Role"."""
    found = []
    for policy in assembly.resources("studio", "IAM::Policy").values():
        if any(text(one).removesuffix(text(one)[-8:]) == role for one in policy["Properties"]["Roles"]):
            found += policy["Properties"]["PolicyDocument"]["Statement"]
    return found


def allowed(assembly: Assembly, role: str, resource: str) -> set[str]:
    """Return the actions that a role may take on resources whose ARN holds `resource`."""
    return {
        action
        for statement in statements(assembly, role)
        if statement["Effect"] == "Allow" and any(resource in text(r) for r in listed(statement["Resource"]))
        for action in listed(statement["Action"])
    }


def actions(assembly: Assembly, role: str, effect: str = "Allow") -> set[str]:
    found = statements(assembly, role)
    return {action for one in found if one["Effect"] == effect for action in listed(one["Action"])}


def test_without_its_section_there_is_no_studio(prod: Assembly) -> None:
    assert prod.settings.studio is None
    assert "studio" not in prod.stacks


def test_apps_reach_out_by_the_vpc_alone_where_that_is_set(shop: Assembly) -> None:
    domain = shop.only("studio", "SageMaker::Domain")
    assert domain["AppNetworkAccessType"] == "VpcOnly"
    assert len(domain["SubnetIds"]) == len(shop.settings.zones)
    assert all("TasksSubnet" in text(subnet) for subnet in domain["SubnetIds"])
    assert len(domain["DefaultUserSettings"]["SecurityGroups"]) == 1


def test_else_they_reach_the_internet_and_the_vpc_holds_their_home_alone(internet: Assembly) -> None:
    domain = internet.only("studio", "SageMaker::Domain")
    assert domain["AppNetworkAccessType"] == "PublicInternetOnly"
    assert all("InnerSubnet" in text(subnet) for subnet in domain["SubnetIds"])


def test_nobody_but_an_app_itself_reaches_into_an_app(shop: Assembly) -> None:
    group = shop.only("studio", "EC2::SecurityGroup")
    assert "SecurityGroupIngress" not in group
    assert [(rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupEgress"]] == [(443, 443)]
    rule = shop.only("studio", "EC2::SecurityGroupIngress")
    assert text(rule["GroupId"]) == text(rule["SourceSecurityGroupId"])


def test_homes_are_encrypted_with_a_key_that_lasts_as_long(shop: Assembly) -> None:
    ((name, key),) = shop.resources("studio", "KMS::Key").items()
    assert text(shop.only("studio", "SageMaker::Domain")["KmsKeyId"]) == name
    assert key["Properties"]["EnableKeyRotation"] is True
    assert shop.settings.keep_data
    assert key["DeletionPolicy"] == "Retain"


def test_an_idle_app_is_stopped_after_the_minutes_of_the_settings(shop: Assembly) -> None:
    domain = shop.only("studio", "SageMaker::Domain")
    lab = domain["DefaultUserSettings"]["JupyterLabAppSettings"]
    assert lab["AppLifecycleManagement"]["IdleSettings"] == {
        "LifecycleManagement": "ENABLED",
        "IdleTimeoutInMinutes": 90,
        "MinIdleTimeoutInMinutes": 60,
        "MaxIdleTimeoutInMinutes": 90,
    }


def test_people_sign_in_by_aws_and_have_the_profile_of_the_settings(shop: Assembly) -> None:
    assert shop.only("studio", "SageMaker::Domain")["AuthMode"] == "IAM"
    assert shop.only("studio", "SageMaker::UserProfile")["UserProfileName"] == "modeller"


def test_the_role_reads_photos_and_keeps_archives(shop: Assembly) -> None:
    assert allowed(shop, "Role", "Images") == {"s3:ListBucket", "s3:GetObject"}
    assert allowed(shop, "Role", "Artifacts") == {
        *("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload")
    }
    storage_key = "vitrine-shop-storage:ExportsOutputFnGetAttKey"
    assert allowed(shop, "Role", storage_key) == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_the_role_tries_endpoints_of_its_own_and_never_the_environments(shop: Assembly) -> None:
    for kind, more in (
        ("model", set()),
        ("endpoint-config", set()),
        ("endpoint", {"sagemaker:InvokeEndpoint"}),
    ):
        name = "".join(part.capitalize() for part in kind.split("-"))
        wanted = {f"sagemaker:{verb}{name}" for verb in SETS} | more
        assert wanted <= allowed(shop, "Role", f":{kind}/blip2-*")
    (denied,) = [one for one in statements(shop, "Role") if one["Effect"] == "Deny"]
    assert denied["Action"] == ["sagemaker:CreateEndpoint", "sagemaker:DeleteEndpoint"]
    assert text(denied["Resource"]).endswith(f":endpoint/{shop.settings.model.endpoint_name}")


def test_the_role_passes_one_role_and_to_sagemaker_alone(shop: Assembly) -> None:
    (passing,) = [one for one in statements(shop, "Role") if one["Action"] == "iam:PassRole"]
    assert text(passing["Resource"]).startswith("ModelRole")
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_the_role_may_do_this_and_nothing_else(shop: Assembly) -> None:
    tried = {f"sagemaker:{v}{kind}" for v in SETS for kind in ("Model", "EndpointConfig", "Endpoint")}
    apps = {f"sagemaker:{v}{kind}" for v in SETS for kind in ("Space", "App")}
    assert actions(shop, "Role") == {
        *("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload"),
        *("kms:Decrypt", "kms:GenerateDataKey", "kms:GenerateDataKeyWithoutPlaintext"),
        *("kms:DescribeKey", "kms:CreateGrant", "ssm:GetParameter", "iam:PassRole"),
        *tried,
        "sagemaker:InvokeEndpoint",
        *apps,
        *("sagemaker:UpdateSpace", "sagemaker:AddTags", "sagemaker:ListApps", "sagemaker:ListSpaces"),
        *("sagemaker:DescribeDomain", "sagemaker:DescribeUserProfile", "sagemaker:CreatePresignedDomainUrl"),
        *("logs:CreateLogGroup", "logs:CreateLogStream", "logs:PutLogEvents"),
    }
    assert allowed(shop, "Role", "*") >= {"sagemaker:ListApps"}
    everywhere = [one for one in statements(shop, "Role") if "*" in listed(one["Resource"])]
    assert [one["Action"] for one in everywhere] == [["sagemaker:ListApps", "sagemaker:ListSpaces"]]


def test_what_is_tried_reads_archives_and_writes_nothing(shop: Assembly) -> None:
    assert allowed(shop, "ModelRole", "Artifacts") == {"s3:GetObject"}
    assert not {one for one in actions(shop, "ModelRole") if one.startswith(("sagemaker:", "iam:"))}


def test_its_address_and_names_are_outputs(shop: Assembly) -> None:
    wanted = {"StudioDomainId", "StudioUser", "StudioUrl", "StudioModelRole"}
    assert wanted <= shop.template("studio")["Outputs"].keys()


def test_the_vpc_alone_takes_a_nat_gateway() -> None:
    with pytest.raises(ValidationError, match=r'egress = "nat" for studio.network "vpc"'):
        environment(studio=STUDIO | {"network": "vpc"}, egress="public")


@pytest.mark.parametrize("minutes", [59, 525_601])
def test_idle_minutes_are_what_sagemaker_takes(minutes: int) -> None:
    with pytest.raises(ValidationError, match="idle_shutdown_minutes"):
        environment(studio=STUDIO | {"idle_shutdown_minutes": minutes})


def test_the_emulator_has_no_studio(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    lines = (FOLDER / "local.toml").read_text()
    section = '\n[studio]\nuser_name = "a"\nnetwork = "internet"\nidle_shutdown_minutes = 60\n'
    file.write_text(lines + section)
    with pytest.raises(SettingsError, match="the emulator has no SageMaker"):
        load_environment(file)


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_the_section_that_stands_ready_in_a_file_is_valid(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.toml"
    before, _, after = (FOLDER / f"{name}.toml").read_text().partition("# [studio]")
    section, _, rest = after.partition("\n\n")
    file.write_text("\n".join([before, "[studio]" + section.replace("\n# ", "\n"), "", rest]))
    assert load_environment(file).studio is not None


def test_everything_at_once_has_studio() -> None:
    assert with_everything().studio is not None
