"""The container comes from the committed lock, which the SDK agrees with."""

import json
import sys
from pathlib import Path

import pytest

from settings.environment import load_environment
from stacks.model import container
from stacks.model.container import ContainerError, image_repository_arn, lock_entries

REGION = "ca-central-1"


@pytest.mark.system
def test_committed_lock_is_current() -> None:
    assert json.loads(container.LOCK.read_text()) == lock_entries(["dev", "prod"]), "run `make lock`"


def test_own_image_has_the_locked_environment() -> None:
    from model_artifacts.blip2.definition import container as define

    image = "111122223333.dkr.ecr.us-east-1.amazonaws.com/shop/blip2:1"
    model = load_environment("prod").model.model_copy(update={"image_uri": image})
    declared = container.primary_container(model, REGION, "s3://archive", {})
    defined = define(region=REGION, instance_type=model.instance_type, image_uri=image)
    assert {"Image": declared.image, "Environment": declared.environment} == defined


def test_unknown_instance_type_names_the_command() -> None:
    model = load_environment("prod").model.model_copy(update={"instance_type": "ml.c7g.xlarge"})
    with pytest.raises(ContainerError, match=r"ml\.c7g\.xlarge in ca-central-1: run `make lock`, or `.venv"):
        image_repository_arn(model, REGION)


def test_unknown_region_names_the_command() -> None:
    with pytest.raises(ContainerError, match=r"container for eu-west-1: run `make lock`"):
        image_repository_arn(load_environment("prod").model, "eu-west-1")


def test_sdk_refusal_leaves_the_lock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock, file = tmp_path / "containers.json", tmp_path / "shop.toml"
    lock.write_text("{}")
    monkeypatch.setattr(container, "LOCK", lock)
    monkeypatch.setattr(container, "INSTANCE_TYPES", ())
    monkeypatch.setattr(container, "environment_names", list)
    prod = Path(container.__file__).parents[2] / "environments" / "prod.toml"
    file.write_text(prod.read_text().replace('"ml.m5.large"', '"ml.c7g.xlarge"'))
    with pytest.raises(SystemExit, match=r"ml\.c7g\.xlarge in .*: Unsupported pytorch version"):
        container.main([str(file)])
    assert lock.read_text() == "{}"


def test_missing_sdk_names_its_requirements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sagemaker", None)
    with pytest.raises(ContainerError, match=r"requirements\.txt"):
        lock_entries([])
