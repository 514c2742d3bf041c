"""The execution role of an endpoint. It has no managed policy."""

from collections.abc import Sequence

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from constructs import Construct

NAMESPACES = ["AWS/SageMaker", "/aws/sagemaker/Endpoints"]


def execution_role(
    scope: Construct,
    construct_id: str,
    *,
    log: logs.ILogGroup,
    image_repository_arn: str,
    alarms: Sequence[cloudwatch.IAlarm],
) -> iam.Role:
    """Declare a role that may pull one image, write one log and SageMaker metrics, and read these alarms."""
    role = iam.Role(scope, construct_id, assumed_by=iam.ServicePrincipal("sagemaker.amazonaws.com"))
    if alarms:
        # SageMaker reads the alarms with this role to decide whether to roll back.
        role.add_to_policy(
            iam.PolicyStatement(
                actions=["cloudwatch:DescribeAlarms"], resources=[alarm.alarm_arn for alarm in alarms]
            )
        )
    for statement in (
        iam.PolicyStatement(
            actions=["ecr:BatchGetImage", "ecr:BatchCheckLayerAvailability", "ecr:GetDownloadUrlForLayer"],
            resources=[image_repository_arn],
        ),
        # A token is valid for the whole registry; the statement above limits what it can pull.
        iam.PolicyStatement(actions=["ecr:GetAuthorizationToken"], resources=["*"]),
        iam.PolicyStatement(
            actions=[
                *("logs:CreateLogGroup", "logs:CreateLogStream"),
                *("logs:DescribeLogStreams", "logs:PutLogEvents"),
            ],
            resources=[log.log_group_arn],
        ),
        # Metrics have no ARN; only their namespace can be restricted.
        iam.PolicyStatement(
            actions=["cloudwatch:PutMetricData"],
            resources=["*"],
            conditions={"StringEquals": {"cloudwatch:namespace": NAMESPACES}},
        ),
    ):
        role.add_to_policy(statement)
    return role
