"""What Vitrine keeps: photos, model artifacts and reports; and the images that its service runs from."""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from stacks.constructs.outputs import publish

KEPT_IMAGES = 100
# Where a browser puts a photo before it is analysed; what nobody asks for is gone after a day.
UPLOADS = "uploads/"
# The index of the reports that are still to be made; the rows in it carry an attribute of its name.
UNFINISHED = "unfinished"


def image_repository_name(environment_name: str) -> str:
    """Return the name of the repository that holds the images of `services/analyze`."""
    return f"vitrine-{environment_name}-analyze"


class Storage(cdk.Stack):
    """Image bucket, artifact bucket, reports table and container repository.

    `retention_days` is how long photos are kept; reports carry their own expiry. `upload_origins` are the web
    origins whose pages may put photos straight into the bucket. With `keep_data` photos,
    artifacts and reports outlive the stack; without, a bucket that still holds objects stops the stack's
    deletion. Container images always go with it: each can be built again from its commit.
    """

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        environment_name: str,
        retention_days: int,
        keep_data: bool,
        upload_origins: Sequence[str] = (),
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        removal = cdk.RemovalPolicy.RETAIN if keep_data else cdk.RemovalPolicy.DESTROY

        self.key = kms.Key(
            self,
            "Key",
            description=f"Photos and artifacts of vitrine {environment_name}",
            enable_key_rotation=True,
            removal_policy=removal,
        )
        self.images = self._bucket(
            "Images", removal, expiration=cdk.Duration.days(retention_days), versioned=False
        )
        self.images.add_lifecycle_rule(prefix=UPLOADS, expiration=cdk.Duration.days(1))
        if upload_origins:
            # For the answer alone: a form's POST is sent without asking, but its page could not read it.
            self.images.add_cors_rule(
                allowed_methods=[s3.HttpMethods.POST], allowed_origins=list(upload_origins), max_age=3600
            )
        self.artifacts = self._bucket("Artifacts", removal, expiration=None, versioned=True)
        self.reports = dynamodb.TableV2(
            self,
            "Reports",
            partition_key=dynamodb.Attribute(name="pk", type=dynamodb.AttributeType.STRING),
            sort_key=dynamodb.Attribute(name="sk", type=dynamodb.AttributeType.STRING),
            billing=dynamodb.Billing.on_demand(),
            time_to_live_attribute="expires_at",
            # What ends is told of from here: a report that was written as ended is in the stream.
            dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=UNFINISHED,
                    partition_key=dynamodb.Attribute(name=UNFINISHED, type=dynamodb.AttributeType.STRING),
                    projection_type=dynamodb.ProjectionType.INCLUDE,
                    non_key_attributes=["lease_until", "touched_at"],
                )
            ],
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=keep_data,
            removal_policy=removal,
        )
        self.repository = ecr.Repository(
            self,
            "Repository",
            repository_name=image_repository_name(environment_name),
            image_tag_mutability=ecr.TagMutability.IMMUTABLE,
            image_scan_on_push=True,
            lifecycle_rules=[ecr.LifecycleRule(max_image_count=KEPT_IMAGES)],
            empty_on_delete=True,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        # The model stack refers to it only while it does not serve the demo model, and CloudFormation lets no
        # export go that another stack still imports: going back to the demo would be refused.
        for name in (self.artifacts.bucket_arn, self.artifacts.bucket_name):
            self.export_value(name)

        publish(self, environment_name, "ImageBucket", self.images.bucket_name, "Bucket of the photos")
        publish(self, environment_name, "ImageKey", self.key.key_arn, "Key that encrypts the photos")
        publish(self, environment_name, "ArtifactBucket", self.artifacts.bucket_name, "Bucket of the models")
        publish(self, environment_name, "ReportsTable", self.reports.table_name, "Table of the reports")
        uri = self.repository.repository_uri
        publish(
            self, environment_name, "ImageRepository", uri, "Repository of the service's container images"
        )

    def _bucket(
        self,
        construct_id: str,
        removal: cdk.RemovalPolicy,
        *,
        expiration: cdk.Duration | None,
        versioned: bool,
    ) -> s3.Bucket:
        return s3.Bucket(
            self,
            construct_id,
            encryption=s3.BucketEncryption.KMS,
            encryption_key=self.key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            versioned=versioned,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=expiration, abort_incomplete_multipart_upload_after=cdk.Duration.days(1)
                )
            ],
            removal_policy=removal,
        )
