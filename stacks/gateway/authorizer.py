"""The gateway's authorizer: the function that ships `services/authorizer`, and what it may do."""

import aws_cdk as cdk
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from settings.environment import LogDays
from settings.schema import Supabase
from stacks.constructs.functions import python_function
from stacks.constructs.iam import read_secret
from stacks.constructs.packaging import python_code


def authorizer_function(
    scope: Construct, supabase: Supabase, code_platform: tuple[str, ...], log_days: LogDays
) -> lambda_.Function:
    """Declare the function; it may write its own log and, where one is named, read the legacy secret."""
    variables = {"SUPABASE_URL": supabase.url}
    if supabase.issuer is not None:
        variables["SUPABASE_ISSUER"] = supabase.issuer
    if supabase.legacy_secret_name is not None:
        variables["SUPABASE_LEGACY_SECRET_NAME"] = supabase.legacy_secret_name
    function = python_function(
        scope,
        "Authorizer",
        description="Supabase access tokens at the gateway",
        code=python_code("authorizer", platform=code_platform),
        handler="services.authorizer.handler.handle",
        variables=variables,
        memory_mb=512,
        timeout=cdk.Duration.seconds(8),
        log_days=log_days,
    )
    if supabase.legacy_secret_name is not None:
        function.add_to_role_policy(read_secret(scope, supabase.legacy_secret_name))
    return function
