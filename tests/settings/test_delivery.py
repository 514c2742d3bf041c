"""The section [delivery]: which values it takes, and where it is refused."""

import tomllib
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from settings.delivery import Delivery
from settings.environment import FOLDER, Environment, SettingsError, load_environment

LEAST: dict[str, Any] = {"repository": "shop/vitrine", "repository_id": 5678}


def test_default_prefix_is_the_name() -> None:
    assert Delivery(**LEAST).prefix == "repo:shop/vitrine"


@pytest.mark.parametrize(
    "prefix",
    ["repo:shop/vitrine", "repo:shop@1234/vitrine@5678", "repository_id:5678", "repository:shop/vitrine"],
)
def test_prefix_of_the_repository_is_taken(prefix: str) -> None:
    assert Delivery(**LEAST, subject_prefix=prefix).prefix == prefix


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"repository": "vitrine"}, "as owner/name"),
        ({"repository": "https://github.com/shop/vitrine"}, "as owner/name"),
        ({"repository_id": 0}, "greater than or equal to 1"),
        ({"repository_id": "5678"}, "valid integer"),
        ({"subject_prefix": "repo:shop/*"}, "without wildcards"),
        ({"subject_prefix": "repo:shop/vitrin?"}, "without wildcards"),
        ({"subject_prefix": "repo:${aws:username}/vitrine"}, "without wildcards"),
        ({"subject_prefix": "repo:shop/vitrine:"}, "without wildcards"),
        ({"subject_prefix": "repo:other/vitrine"}, "of the repository shop/vitrine"),
        ({"subject_prefix": "repo:shop@1234/vitrine@5679"}, "with the repository_id 5678"),
        ({"provider_arn": "arn:aws:iam::123456789012:oidc-provider/gitlab.com"}, "such as arn:aws:iam::"),
        (
            {"provider_arn": "arn:aws:iam::123456789012:oidc-provider/tokenXactions.githubusercontent.com"},
            "such as",
        ),
    ],
)
def test_wrong_value_says_what_is_allowed(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ValidationError, match=says.replace("(", r"\(")):
        Delivery(**LEAST | changes)


def test_emulator_has_no_delivery(tmp_path: Path) -> None:
    file = tmp_path / "shop.toml"
    section = '\n[delivery]\nrepository = "shop/vitrine"\nrepository_id = 5678\n'
    file.write_text((FOLDER / "local.toml").read_text() + section)
    with pytest.raises(SettingsError, match="the emulator has no OIDC provider"):
        load_environment(file)


def test_name_of_a_lookup_environment_is_refused() -> None:
    values = tomllib.loads((FOLDER / "prod.toml").read_text())
    with pytest.raises(ValidationError, match="does not end with -lookup"):
        Environment.model_validate({"name": "prod-lookup", **values, "delivery": LEAST})


@pytest.mark.parametrize("name", ["dev", "prod"])
def test_commented_section_is_valid(name: str, tmp_path: Path) -> None:
    file = tmp_path / f"{name}.toml"
    before, _, after = (FOLDER / f"{name}.toml").read_text().partition("# [delivery]")
    section, _, rest = after.partition("\n\n")
    section = section.replace("\n# ", "\n").replace("owner@…/name@…", "owner@1/name@1234567890")
    section = section.replace("iam::…", "iam::123456789012")
    file.write_text("\n".join([before, "[delivery]" + section, "", rest]))
    found = load_environment(file).delivery
    assert found is not None
    assert found.prefix == "repo:owner@1/name@1234567890"
