"""Exports that stand in every variant of the settings."""

import aws_cdk as cdk


def keep_exports(stack: cdk.Stack, *values: str) -> None:
    """Export these values (a resource's ARN, name or id) whether or not another stack imports them now.

    The CDK exports what another stack imports. A setting that takes the import away would take the export
    away too, in the stack that is deployed first, and CloudFormation refuses to delete an export that a
    deployed stack still imports.
    """
    for value in values:
        stack.export_value(value)
