"""Studio: network, encryption, idle shutdown and permissions."""

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from settings.environment import FOLDER, SettingsError, load_environment
from tests.stacks.assemblies import Assembly, assembled, changed
from tests.stacks.reading import text
from tests.stacks.test_permissions import listed

STUDIO = {"user_name": "modeller", "network": "internet", "idle_shutdown_minutes": 60}
SETS = ["Create", "Describe", "Delete"]


@pytest.fixture(scope="module")
def internet() -> Assembly:
    return assembled(changed("prod", studio=STUDIO))


def statements(assembly: Assembly, role: str) -> list[dict[str, Any]]:
    """Return the policy statements of a role, as in "Role"."""
    found = []
    for policy in assembly.resources("studio", "IAM::Policy").values():
        if any(text(one).removesuffix(text(one)[-8:]) == role for one in policy["Properties"]["Roles"]):
            found += policy["Properties"]["PolicyDocument"]["Statement"]
    return found


def allowed(assembly: Assembly, role: str, resource: str) -> set[str]:
    """Return a role's allowed actions on resources whose ARN holds `resource`."""
    return {
        action
        for statement in statements(assembly, role)
        if statement["Effect"] == "Allow" and any(resource in text(r) for r in listed(statement["Resource"]))
        for action in listed(statement["Action"])
    }


def actions(assembly: Assembly, role: str, effect: str = "Allow") -> set[str]:
    found = statements(assembly, role)
    return {action for one in found if one["Effect"] == effect for action in listed(one["Action"])}


def test_no_studio_by_default(prod: Assembly) -> None:
    assert prod.settings.studio is None
    assert "studio" not in prod.stacks


def test_vpc_apps_use_the_vpc_alone(shop: Assembly) -> None:
    domain = shop.only("studio", "SageMaker::Domain")
    assert domain["AppNetworkAccessType"] == "VpcOnly"
    assert len(domain["SubnetIds"]) == 2
    assert all("TasksSubnet" in text(subnet) for subnet in domain["SubnetIds"])
    assert len(domain["DefaultUserSettings"]["SecurityGroups"]) == 1


def test_internet_apps_have_inner_homes(internet: Assembly) -> None:
    domain = internet.only("studio", "SageMaker::Domain")
    assert domain["AppNetworkAccessType"] == "PublicInternetOnly"
    assert all("InnerSubnet" in text(subnet) for subnet in domain["SubnetIds"])


def test_apps_accept_only_themselves(shop: Assembly) -> None:
    group = shop.only("studio", "EC2::SecurityGroup")
    assert "SecurityGroupIngress" not in group
    assert [(rule["FromPort"], rule["ToPort"]) for rule in group["SecurityGroupEgress"]] == [(443, 443)]
    rule = shop.only("studio", "EC2::SecurityGroupIngress")
    assert text(rule["GroupId"]) == text(rule["SourceSecurityGroupId"])


def test_homes_keep_their_key(shop: Assembly) -> None:
    ((name, key),) = shop.resources("studio", "KMS::Key").items()
    assert text(shop.only("studio", "SageMaker::Domain")["KmsKeyId"]) == name
    assert key["Properties"]["EnableKeyRotation"] is True
    assert shop.settings.keep_data
    assert key["DeletionPolicy"] == "RetainExceptOnCreate"


def test_idle_app_is_stopped(shop: Assembly) -> None:
    domain = shop.only("studio", "SageMaker::Domain")
    lab = domain["DefaultUserSettings"]["JupyterLabAppSettings"]
    assert lab["AppLifecycleManagement"]["IdleSettings"] == {
        "LifecycleManagement": "ENABLED",
        "IdleTimeoutInMinutes": 90,
        "MinIdleTimeoutInMinutes": 60,
        "MaxIdleTimeoutInMinutes": 90,
    }


def test_users_sign_in_by_iam(shop: Assembly) -> None:
    assert shop.only("studio", "SageMaker::Domain")["AuthMode"] == "IAM"
    assert shop.only("studio", "SageMaker::UserProfile")["UserProfileName"] == "modeller"


def test_studio_reads_photos_writes_archives(shop: Assembly) -> None:
    assert allowed(shop, "Role", "Images") == {"s3:ListBucket", "s3:GetObject"}
    assert allowed(shop, "Role", "Artifacts") == {
        *("s3:ListBucket", "s3:GetObject", "s3:PutObject", "s3:AbortMultipartUpload")
    }
    storage_key = "vitrine-shop-storage:ExportsOutputFnGetAttKey"
    assert allowed(shop, "Role", storage_key) == {"kms:Decrypt", "kms:GenerateDataKey"}


def test_studio_cannot_touch_the_endpoint(shop: Assembly) -> None:
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


def test_studio_passes_one_role(shop: Assembly) -> None:
    (passing,) = [one for one in statements(shop, "Role") if one["Action"] == "iam:PassRole"]
    assert text(passing["Resource"]).startswith("ModelRole")
    assert passing["Condition"] == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_studio_has_exactly_these_actions(shop: Assembly) -> None:
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


def test_trial_endpoints_only_read_archives(shop: Assembly) -> None:
    assert allowed(shop, "ModelRole", "Artifacts") == {"s3:GetObject"}
    assert not {one for one in actions(shop, "ModelRole") if one.startswith(("sagemaker:", "iam:"))}


def test_studio_outputs_are_there(shop: Assembly) -> None:
    wanted = {"StudioDomainId", "StudioUser", "StudioUrl", "StudioModelRole"}
    assert wanted <= shop.template("studio")["Outputs"].keys()


def test_vpc_studio_needs_nat() -> None:
    with pytest.raises(ValidationError, match=r'egress = "nat" for studio.network "vpc"'):
        changed("prod", studio=STUDIO | {"network": "vpc"}, egress="public")


@pytest.mark.parametrize("minutes", [59, 525_601])
def test_idle_minutes_are_bounded(minutes: int) -> None:
    with pytest.raises(ValidationError, match="idle_shutdown_minutes"):
        changed("prod", studio=STUDIO | {"idle_shutdown_minutes": minutes})


def test_emulator_has_no_studio(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    lines = (FOLDER / "local.toml").read_text()
    section = '\n[studio]\nuser_name = "a"\nnetwork = "internet"\nidle_shutdown_minutes = 60\n'
    file.write_text(lines + section)
    with pytest.raises(SettingsError, match="the emulator has no SageMaker"):
        load_environment(file)


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_commented_studio_section_is_valid(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.toml"
    before, _, after = (FOLDER / f"{name}.toml").read_text().partition("# [studio]")
    section, _, rest = after.partition("\n\n")
    file.write_text("\n".join([before, "[studio]" + section.replace("\n# ", "\n"), "", rest]))
    assert load_environment(file).studio is not None
