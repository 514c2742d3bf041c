"""The published values of a stack: each is a stack output and an SSM parameter, under stable names."""

import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm

from settings.naming import parameter_name


def publish(stack: cdk.Stack, environment_name: str, name: str, value: str, description: str) -> None:
    """Declare the output `name` (as in ApiUrl) and the parameter /vitrine/<environment>/<api-url>."""
    cdk.CfnOutput(stack, name, value=value, description=description)
    ssm.StringParameter(
        stack,
        f"{name}Parameter",
        parameter_name=parameter_name(environment_name, name),
        string_value=value,
        description=description,
    )
