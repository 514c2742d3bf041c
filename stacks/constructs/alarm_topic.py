"""The topic on which an environment's alarms and budget act."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from constructs import Construct

from settings.naming import PROJECT, alarm_topic_name, stack_name


class AlarmTopic(Construct):
    """A topic with a key of its own, to which CloudWatch and Budgets of this account may publish.

    An `address` is subscribed by e-mail, and receives nothing until its owner confirms.
    """

    def __init__(
        self, scope: Construct, construct_id: str, *, environment_name: str, address: str | None
    ) -> None:
        super().__init__(scope, construct_id)
        key = kms.Key(
            self,
            "Key",
            description=f"Alarms of {PROJECT} {environment_name}",
            enable_key_rotation=True,
            # It encrypts only messages on their way.
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        topic = sns.Topic(
            self, "Topic", topic_name=alarm_topic_name(environment_name), master_key=key, enforce_ssl=True
        )
        # The alarms' names begin with their stack's.
        alarms = f"cloudwatch:{cdk.Aws.REGION}:{cdk.Aws.ACCOUNT_ID}:alarm:{stack_name(environment_name, '*')}"
        for service, source in (("cloudwatch", alarms), ("budgets", f"budgets::{cdk.Aws.ACCOUNT_ID}:*")):
            principal = iam.ServicePrincipal(f"{service}.amazonaws.com")
            conditions = {
                "StringEquals": {"aws:SourceAccount": cdk.Aws.ACCOUNT_ID},
                "ArnLike": {"aws:SourceArn": f"arn:{cdk.Aws.PARTITION}:{source}"},
            }
            key.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[principal],
                    actions=["kms:Decrypt", "kms:GenerateDataKey*"],
                    resources=["*"],
                    conditions=conditions,
                )
            )
            topic.add_to_resource_policy(
                iam.PolicyStatement(
                    principals=[principal],
                    actions=["sns:Publish"],
                    resources=[topic.topic_arn],
                    conditions=conditions,
                )
            )
        if address is not None:
            topic.add_subscription(subscriptions.EmailSubscription(address))
