"""The gateway's authorizer: the function that ships `services/authorizer`, and what it may do."""

import aws_cdk as cdk
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from stacks.environment import LogDays
from stacks.logs import log_group
from stacks.packaging import python_code
from stacks.sections import Supabase


def authorizer_function(
    scope: Construct, supabase: Supabase, code_platform: tuple[str, ...], log_days: LogDays
) -> lambda_.Function:
    """Declare the function; it may write its own log and, where one is named, read the legacy secret."""
    log = log_group(scope, "AuthorizerLog", log_days)
    # A role of our own: the managed policy may write to every log group of the account.
    role = iam.Role(scope, "AuthorizerRole", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"))
    log.grant_write(role)
    variables = {"SUPABASE_URL": supabase.url}
    if supabase.issuer is not None:
        variables["SUPABASE_ISSUER"] = supabase.issuer
    if supabase.legacy_secret_name is not None:
        variables["SUPABASE_LEGACY_SECRET_NAME"] = supabase.legacy_secret_name
        secret = secretsmanager.Secret.from_secret_name_v2(scope, "LegacySecret", supabase.legacy_secret_name)
        secret.grant_read(role)
    return lambda_.Function(
        scope,
        "AuthorizerFunction",
        description="Supabase access tokens at the gateway",
        code=python_code("authorizer", library=["errors", "identity", "jwks"], platform=code_platform),
        handler="services.authorizer.handler.handle",
        runtime=lambda_.Runtime.PYTHON_3_14,
        architecture=lambda_.Architecture.ARM_64,
        memory_size=512,
        timeout=cdk.Duration.seconds(8),
        environment=variables,
        role=role,
        log_group=log,
    )
