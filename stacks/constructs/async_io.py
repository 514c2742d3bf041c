"""What an async endpoint exchanges with the rest: requests, answers, and news of them by topics."""

from collections.abc import Iterator

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns
from constructs import Construct

from stacks.constructs.iam import through_s3

# One request at work and one at hand: the handlers answer one at a time.
CONCURRENT = 2


class AsyncIo(Construct):
    """A bucket for what is on its way, and the topics that tell what became of it; `key` encrypts both.

    Nothing in the bucket is kept: each object goes after a day. It is there in both modes of the endpoint, so
    that the one who uses it and the one who stops can be deployed in any order.
    """

    def __init__(self, scope: Construct, construct_id: str, *, environment_name: str) -> None:
        super().__init__(scope, construct_id)
        key = self.key = kms.Key(
            self,
            "Key",
            description=f"The model's disk, requests, answers and news of vitrine {environment_name}",
            enable_key_rotation=True,
            # What it encrypts is gone within a day of its stack.
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
        """Both topics."""
        return self.success, self.error

    def exported(self) -> Iterator[str]:
        """What other stacks may refer to, whether or not they do now.

        CloudFormation lets no export go that another stack still imports: without these a change of the
        endpoint's mode would be refused.
        """
        yield from (self.bucket.bucket_arn, self.bucket.bucket_name, self.key.key_arn)
        yield from (topic.topic_arn for topic in self.topics())

    def use(self) -> list[iam.PolicyStatement]:
        """The rights of who asks an async endpoint: to leave requests, read answers, and clear both away."""
        objects = self.bucket.arn_for_objects
        return [
            iam.PolicyStatement(actions=["s3:PutObject"], resources=[objects("requests/*")]),
            iam.PolicyStatement(actions=["s3:GetObject"], resources=[objects("answers/*")]),
            iam.PolicyStatement(
                actions=["s3:DeleteObject"], resources=[objects("requests/*"), objects("answers/*")]
            ),
            # Who may not list is not told that an answer is not there yet, but refused.
            iam.PolicyStatement(actions=["s3:ListBucket"], resources=[self.bucket.bucket_arn]),
            through_s3(self.key, cdk.Stack.of(self).region, "Decrypt", "GenerateDataKey"),
        ]

    def grant_use(self, role: iam.Role) -> None:
        """Let the endpoint's role fetch requests, leave answers and tell of both."""
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
        """Return what makes an endpoint configuration an async one."""
        config = sagemaker.CfnEndpointConfig
        return config.AsyncInferenceConfigProperty(
            client_config=config.AsyncInferenceClientConfigProperty(
                max_concurrent_invocations_per_instance=CONCURRENT
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
