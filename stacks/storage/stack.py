"""Storage: photos, model artifacts, reports, and the container images of the service."""

from collections.abc import Sequence
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from settings.naming import PROJECT, UNFINISHED_INDEX, image_repository_name
from settings.schema import Alarms
from stacks.constructs.alarm_topic import AlarmTopic
from stacks.constructs.exports import keep_exports
from stacks.constructs.operations import publish

KEPT_IMAGES = 100
# The prefix of uploaded photos that are not analysed yet; they expire after a day.
UPLOADS = "uploads/"
# The prefix of Edge logs that wait to be written.
EDGE_LOGS = "edge-logs/"
# A drain that was silent for longer is taken for one that was switched off.
EDGE_LOGS_FOR = cdk.Duration.days(7)
# How long an artifact that was replaced or deleted can be restored.
REPLACED_FOR = cdk.Duration.days(30)


class StorageStack(cdk.Stack):
    """Image bucket, artifact bucket, reports table and container repository.

    Photos expire after `retention_days`; each report row holds its own expiry. Pages of `upload_origins` may
    upload photos directly to the bucket. `alarms` names who is notified; unless it names a topic, this stack
    declares one, because it is the first to be deployed. With `keep_data`, photos, artifacts and reports are
    retained when the stack is deleted, unless its first creation is rolled back; without, a bucket that still
    holds objects blocks the deletion. Container images are always deleted, since each can be built again from
    its commit.
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
        alarms: Alarms | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(scope, construct_id, **kwargs)
        removal = cdk.RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE if keep_data else cdk.RemovalPolicy.DESTROY

        self.key = kms.Key(
            self,
            "Key",
            description=f"Photos and artifacts of {PROJECT} {environment_name}",
            enable_key_rotation=True,
            removal_policy=removal,
        )
        self.images = self._bucket(
            "Images", removal, expiration=cdk.Duration.days(retention_days), versioned=False
        )
        self.images.add_lifecycle_rule(prefix=UPLOADS, expiration=cdk.Duration.days(1))
        self.images.add_lifecycle_rule(prefix=EDGE_LOGS, expiration=EDGE_LOGS_FOR)
        if upload_origins:
            # A form's POST needs no header to be allowed; a page that watches its progress asks beforehand.
            self.images.add_cors_rule(
                allowed_methods=[s3.HttpMethods.POST], allowed_origins=list(upload_origins), max_age=3600
            )
        self.artifacts = self._bucket("Artifacts", removal, expiration=None, versioned=True)
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
        for name, value, what in (
            ("ImageBucket", self.images.bucket_name, "Bucket of the photos"),
            ("ImageKey", self.key.key_arn, "Key that encrypts the photos"),
            ("ArtifactBucket", self.artifacts.bucket_name, "Bucket of the models"),
            (
                "ImageRepository",
                self.repository.repository_uri,
                "Repository of the service's container images",
            ),
        ):
            publish(self, environment_name, name, value, what)
        if alarms is None or alarms.notified_topic is None:
            address = alarms.notified_address if alarms is not None else None
            AlarmTopic(self, "Alarms", environment_name=environment_name, address=address)
        self.reports = self._reports(removal, protected=keep_data)
        publish(self, environment_name, "ReportsTable", self.reports.table_name, "Table of the reports")
        self._export()

    def _reports(self, removal: cdk.RemovalPolicy, *, protected: bool) -> dynamodb.TableV2:
        created_before = list(self.node.children)
        table = dynamodb.TableV2(
            self,
            "Reports",
            partition_key=_string("pk"),
            sort_key=_string("sk"),
            billing=dynamodb.Billing.on_demand(),
            time_to_live_attribute="expires_at",
            # The outbox function reads this stream: it holds each report that ends.
            dynamo_stream=dynamodb.StreamViewType.NEW_AND_OLD_IMAGES,
            global_secondary_indexes=[
                dynamodb.GlobalSecondaryIndexPropsV2(
                    index_name=UNFINISHED_INDEX,
                    partition_key=_string(UNFINISHED_INDEX),
                    projection_type=dynamodb.ProjectionType.INCLUDE,
                    non_key_attributes=["lease_until", "touched_at"],
                )
            ],
            point_in_time_recovery_specification=dynamodb.PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=protected,
            removal_policy=removal,
        )
        # A protected table cannot be deleted, so a creation that fails after it could not be rolled back.
        table.node.add_dependency(*created_before)
        return table

    def _export(self) -> None:
        stream = self.reports.table_stream_arn
        if stream is None:
            raise ValueError("the reports table has no stream")
        keep_exports(self, *(bucket.bucket_arn for bucket in (self.images, self.artifacts)))
        keep_exports(self, *(bucket.bucket_name for bucket in (self.images, self.artifacts)))
        keep_exports(self, self.key.key_arn, self.reports.table_arn, self.reports.table_name, stream)

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
                    expiration=expiration,
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(1),
                    noncurrent_version_expiration=REPLACED_FOR if versioned else None,
                )
            ],
            removal_policy=removal,
        )


def _string(name: str) -> dynamodb.Attribute:
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
