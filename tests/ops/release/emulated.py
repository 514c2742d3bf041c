"""An account in moto with one environment, for a whole release."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from moto.core.common_models import CloudFormationModel
from moto.sagemakerruntime.models import sagemakerruntime_backends

from catalogue import DRAWN, load
from model_artifacts.blip2.tools import packaging
from model_artifacts.blip2.tools.archive import unpacked
from model_artifacts.blip2_demo import MODEL
from model_artifacts.blip2_demo.training.evaluate import handlers
from ops.__main__ import main
from ops.release import release
from services.core.vision.endpoint import request_body

REGION, ACCOUNT, NAME = "ca-central-1", "123456789012", "shop"
_KEPT = ("AWS::KMS::Key", "AWS::S3::Bucket", "AWS::SSM::Parameter")


def always_on(settings: str) -> str:
    """Return an environment's file with a realtime endpoint on the one instance that moto deploys to."""
    for old, new in (
        ('mode = "async"', 'mode = "realtime"'),
        ("min_instances = 0 ", "min_instances = 1 "),
        ("ml.m5.large", "ml.g4dn.xlarge"),
    ):
        assert old in settings, old
        settings = settings.replace(old, new)
    return settings


class Alarm(CloudFormationModel):
    """The attributes of an alarm that templates refer to."""

    def __init__(self, name: str) -> None:
        self.physical_resource_id = name

    @staticmethod
    def cloudformation_name_type() -> str:
        return ""

    @staticmethod
    def cloudformation_type() -> str:
        return "AWS::CloudWatch::Alarm"

    @classmethod
    def has_cfn_attr(cls, attr: str) -> bool:
        return attr == "Arn"

    def get_cfn_attribute(self, _attribute: str) -> str:
        return f"arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{self.physical_resource_id}"

    @classmethod
    def create_from_cloudformation_json(cls, resource_name: str, *_more: Any, **_named: Any) -> "Alarm":
        return cls(resource_name)

    @classmethod
    def update_from_cloudformation_json(
        cls, original_resource: "Alarm", *_more: Any, **_named: Any
    ) -> "Alarm":
        return original_resource

    @classmethod
    def delete_from_cloudformation_json(cls, *_more: Any, **_named: Any) -> None:
        pass


@dataclass(frozen=True)
class Account:
    """One environment in moto, deployed with the demo model."""

    folder: Path
    client: Callable[[str], Any]

    @property
    def file(self) -> Path:
        return self.folder / f"{NAME}.toml"

    @property
    def first(self) -> Path:
        """The archive of revision 1."""
        return self.folder / "1.tar.gz"

    def archive(self, digit: str) -> Path:
        """The demo's archive of the revision of this digit, so of bytes of its own."""
        packaging.build(self.folder / f"{digit}.tar.gz", MODEL, revision=digit * 40)
        return self.folder / f"{digit}.tar.gz"

    def release(self, archive: Path) -> tuple[int, list[dict[str, Any]]]:
        """The command's status, and the events that it added to the log."""
        log = self.folder / f"release-{NAME}.jsonl"
        before = len(log.read_text("utf-8").splitlines()) if log.exists() else 0
        status = main(["release", "--env", str(self.file), "--archive", str(archive)])
        return status, [json.loads(line) for line in log.read_text("utf-8").splitlines()[before:]]

    def prepare(self, bodies: list[bytes]) -> None:
        """Set the canary's answers to one photo after another."""
        backend = sagemakerruntime_backends[ACCOUNT][REGION]
        backend.results.clear()
        backend.results_queue[:] = [(body.decode(), "application/json", "", "") for body in bodies]

    @property
    def bucket(self) -> str:
        name = f"/vitrine/{NAME}/artifact-bucket"
        bucket: str = self.client("ssm").get_parameter(Name=name)["Parameter"]["Value"]
        return bucket

    @property
    def endpoint(self) -> str:
        """The environment's only endpoint; moto names it."""
        (found,) = self.client("sagemaker").list_endpoints()["Endpoints"]
        name: str = found["EndpointName"]
        return name

    def held(self) -> str:
        """The address of the archive of the stack's model."""
        sagemaker = self.client("sagemaker")
        (found,) = sagemaker.list_models()["Models"]
        described = sagemaker.describe_model(ModelName=found["ModelName"])
        place: str = described["PrimaryContainer"]["ModelDataUrl"]
        return place

    def state(self) -> dict[str, Any]:
        """All that a release may change, but for the bucket's objects."""
        sagemaker, iam = self.client("sagemaker"), self.client("iam")
        stack = self.client("cloudformation").get_template(StackName=f"vitrine-{NAME}-model")
        return {
            "settings": self.file.read_bytes(),
            "template": stack["TemplateBody"],
            "endpoints": [one["EndpointName"] for one in sagemaker.list_endpoints()["Endpoints"]],
            "configs": sagemaker.list_endpoint_configs()["EndpointConfigs"],
            "models": sagemaker.list_models()["Models"],
            "policies": {
                role["RoleName"]: iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]
                for role in iam.list_roles()["Roles"]
            },
        }


def answers_here(archive: Path) -> list[bytes]:
    """The archive's answers about each photo of the canary's, by the demo's handlers in this process."""
    inference = handlers()
    with unpacked(archive) as inside:
        model = inference.model_fn(str(inside.folder))
    asked = [request_body(case.photos, load(DRAWN), 0) for case in release.known_photos()]
    found = [inference.predict_fn(inference.input_fn(body, "application/json"), model) for body in asked]
    answers = [inference.output_fn(one, "application/json") for one in found]
    return [str(one[0] if isinstance(one, tuple) else one).encode() for one in answers]


def storage(assembly: Path) -> str:
    """The part of the storage stack that the model stack needs and moto supports."""
    template = json.loads((assembly / f"vitrine-{NAME}-storage.template.json").read_text("utf-8"))
    every = template["Resources"]
    left_out = {name for name, one in every.items() if one["Type"] not in _KEPT}

    def complete(declared: dict[str, Any]) -> dict[str, Any]:
        refers = {name: json.dumps(one) for name, one in declared.items() if name not in left_out}
        return {
            name: declared[name]
            for name, text in refers.items()
            if not any(f'"{other}"' in text for other in left_out)
        }

    return json.dumps({"Resources": complete(every), "Outputs": complete(template["Outputs"])})
