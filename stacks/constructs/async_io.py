"""The bucket and topics of async inference: requests, answers, and notifications of results."""

from collections.abc import Iterator

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns
from constructs import Construct

from settings.naming import PROJECT
from stacks.constructs.iam import through_s3

# One request in progress and one waiting: the model server answers one at a time.
CONCURRENT_INVOCATIONS = 2


class AsyncIoResources(Construct):
    """A bucket of inference requests and answers, and a topic each for success and error; `key` encrypts all.

    Objects expire after a day. The resources exist in both modes of the endpoint, so that a change of the
    mode can deploy the stacks in any order.
    """

    def __init__(self, scope: Construct, construct_id: str, *, environment_name: str) -> None:
        super().__init__(scope, construct_id)
        key = self.key = kms.Key(
            self,
            "Key",
            description=f"Model disk and async inference of {PROJECT} {environment_name}",
            enable_key_rotation=True,
            # All that it encrypts expires within a day.
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.bucket = s3.Bucket(
            self,
            "Bucket",
            encryption=s3.BucketEncryption.KMS,
            encryption_key=key,
            bucket_key_enabled=True,
            enforce_ssl=True,
            minimum_tls_version=1.2,
            block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
            lifecycle_rules=[
                s3.LifecycleRule(
                    expiration=cdk.Duration.days(1),
                    abort_incomplete_multipart_upload_after=cdk.Duration.days(1),
                )
            ],
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        self.success = sns.Topic(self, "Success", master_key=key, enforce_ssl=True)
        self.error = sns.Topic(self, "Error", master_key=key, enforce_ssl=True)

    def topics(self) -> tuple[sns.Topic, sns.Topic]:
        """Return the success and error topics."""
        return self.success, self.error

    def exported(self) -> Iterator[str]:
        """Yield the values that the stacks of the model and of the endpoint's callers may import."""
        yield from (self.bucket.bucket_arn, self.bucket.bucket_name, self.key.key_arn)
        yield from (topic.topic_arn for topic in self.topics())

    def caller_statements(self) -> list[iam.PolicyStatement]:
        """Return the statements of a caller of the endpoint: write requests, read answers, delete all."""
        objects = self.bucket.arn_for_objects
        return [
            iam.PolicyStatement(actions=["s3:PutObject"], resources=[objects("requests/*")]),
            iam.PolicyStatement(actions=["s3:GetObject"], resources=[objects("answers/*")]),
            iam.PolicyStatement(
                actions=["s3:DeleteObject"],
                resources=[objects(f"{folder}/*") for folder in ("requests", "answers", "failures")],
            ),
            # Without s3:ListBucket, S3 answers AccessDenied for a missing key.
            iam.PolicyStatement(actions=["s3:ListBucket"], resources=[self.bucket.bucket_arn]),
            through_s3(self.key, cdk.Stack.of(self).region, "Decrypt", "GenerateDataKey"),
        ]

    def grant_endpoint(self, role: iam.Role) -> None:
        """Let the endpoint's role read requests, write answers and publish notifications."""
        objects = self.bucket.arn_for_objects
        role.add_to_policy(iam.PolicyStatement(actions=["s3:GetObject"], resources=[objects("requests/*")]))
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["s3:PutObject", "s3:AbortMultipartUpload"],
                resources=[objects("answers/*"), objects("failures/*")],
            )
        )
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["sns:Publish"], resources=[self.success.topic_arn, self.error.topic_arn]
            )
        )
        role.add_to_policy(
            iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[self.key.key_arn])
        )

    def config(self) -> sagemaker.CfnEndpointConfig.AsyncInferenceConfigProperty:
        """Return the part of an endpoint configuration that makes the endpoint async."""
        config = sagemaker.CfnEndpointConfig
        return config.AsyncInferenceConfigProperty(
            client_config=config.AsyncInferenceClientConfigProperty(
                max_concurrent_invocations_per_instance=CONCURRENT_INVOCATIONS
            ),
            output_config=config.AsyncInferenceOutputConfigProperty(
                kms_key_id=self.key.key_arn,
                s3_output_path=self.bucket.s3_url_for_object("answers"),
                s3_failure_path=self.bucket.s3_url_for_object("failures"),
                notification_config=config.AsyncInferenceNotificationConfigProperty(
                    success_topic=self.success.topic_arn, error_topic=self.error.topic_arn
                ),
            ),
        )
