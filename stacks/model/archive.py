"""The location of the model's archive: a CDK asset for the demo model, else a key in the artifact bucket."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aws_cdk as cdk
import jsii
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from constructs import Construct

from model_artifacts.blip2.tools import packaging
from settings.schema import Model

ROOT = Path(__file__).resolve().parents[2]
ARTIFACT = ROOT / "model_artifacts" / "blip2"
DEMO = ARTIFACT / "model"


@dataclass(frozen=True)
class Archive:
    """An archive in S3, uploaded before the stacks that refer to it are deployed."""

    bucket: s3.IBucket
    key: str

    @property
    def url(self) -> str:
        """The archive's s3:// URL."""
        return self.bucket.s3_url_for_object(self.key)

    def grant_read(self, role: iam.Role) -> None:
        """Let `role` read and decrypt this one object."""
        role.add_to_policy(
            iam.PolicyStatement(actions=["s3:GetObject"], resources=[self.bucket.arn_for_objects(self.key)])
        )
        if self.bucket.encryption_key is not None:
            self.bucket.encryption_key.grant_decrypt(role)


def archive(scope: Construct, settings: Model, artifacts: s3.IBucket) -> Archive:
    """Return the archive of the settings; the CDK uploads "demo" before CloudFormation starts."""
    if settings.artifact != "demo":
        return Archive(artifacts, settings.artifact)
    asset = s3_assets.Asset(
        scope,
        "Archive",
        path=str(ARTIFACT),
        asset_hash=packaging.fingerprint(DEMO, with_packages=settings.network_isolation),
        asset_hash_type=cdk.AssetHashType.CUSTOM,
        bundling=cdk.BundlingOptions(
            # The CDK requires an image even if it is never used: _Build succeeds or raises.
            image=cdk.DockerImage.from_registry("docker-is-never-used"),
            local=_Build(with_packages=settings.network_isolation),
            output_type=cdk.BundlingOutput.SINGLE_FILE,
        ),
    )
    # The same name in a synthesis without bundling, in which the CDK names the folder's asset .zip.
    return Archive(asset.bucket, str(Path(asset.s3_object_key).with_suffix(".gz")))


@jsii.implements(cdk.ILocalBundling)
class _Build:
    def __init__(self, *, with_packages: bool) -> None:
        self._with_packages = with_packages

    def try_bundle(self, output_dir: str, *_options: Any, **_named: Any) -> bool:
        """Build the archive in `output_dir`; return True or raise. False would mean: try Docker."""
        packaging.build(Path(output_dir) / packaging.NAME, DEMO, with_packages=self._with_packages)
        return True
