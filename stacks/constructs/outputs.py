"""What other parts may rely on: a stack output and an SSM parameter of the same value, under stable names."""

import re

import aws_cdk as cdk
from aws_cdk import aws_ssm as ssm


def publish(stack: cdk.Stack, environment_name: str, name: str, value: str, description: str) -> None:
    """Declare the output `name` (as in ApiUrl) and the parameter /vitrine/<environment>/<api-url>."""
    cdk.CfnOutput(stack, name, value=value, description=description)
    kebab = re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
    ssm.StringParameter(
        stack,
        f"{name}Parameter",
        parameter_name=f"/vitrine/{environment_name}/{kebab}",
        string_value=value,
        description=description,
    )
