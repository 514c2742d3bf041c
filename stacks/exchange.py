"""What an async endpoint exchanges with the rest: requests, answers, and news of them by topics."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_sagemaker as sagemaker
from aws_cdk import aws_sns as sns
from constructs import Construct

# One request at work and one at hand: the handlers answer one at a time.
CONCURRENT = 2


class Exchange(Construct):
    """A bucket for what is on its way, and the topics that tell what became of it.

    Both are encrypted with `key`. Nothing in the bucket is kept: each object goes after a day.
    """

    def __init__(self, scope: Construct, construct_id: str, *, key: kms.IKey) -> None:
        super().__init__(scope, construct_id)
        self._key = key
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
            iam.PolicyStatement(actions=["kms:Decrypt", "kms:GenerateDataKey"], resources=[self._key.key_arn])
        )

    def config(self) -> sagemaker.CfnEndpointConfig.AsyncInferenceConfigProperty:
        """Return what makes an endpoint configuration an async one."""
        config = sagemaker.CfnEndpointConfig
        return config.AsyncInferenceConfigProperty(
            client_config=config.AsyncInferenceClientConfigProperty(
                max_concurrent_invocations_per_instance=CONCURRENT
            ),
            output_config=config.AsyncInferenceOutputConfigProperty(
                kms_key_id=self._key.key_arn,
                s3_output_path=self.bucket.s3_url_for_object("answers"),
                s3_failure_path=self.bucket.s3_url_for_object("failures"),
                notification_config=config.AsyncInferenceNotificationConfigProperty(
                    success_topic=self.success.topic_arn, error_topic=self.error.topic_arn
                ),
            ),
        )
