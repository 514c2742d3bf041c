"""The CDK app: one environment in (`-c env=prod`), its stacks out."""

import sys
from datetime import date

import aws_cdk as cdk

from stacks.environment import Environment, SettingsError, load_environment
from stacks.gateway import Gateway, url_upstream
from stacks.packaging import HOST_PLATFORM, LAMBDA_PLATFORM
from stacks.storage import Storage


def build(app: cdk.App, settings: Environment) -> None:
    """Declare the stacks of one environment."""
    prefix = f"vitrine-{settings.name}"
    region = cdk.Environment(region=settings.region)

    storage = Storage(
        app,
        f"{prefix}-storage",
        environment_name=settings.name,
        retention_days=settings.retention_days,
        keep_data=settings.keep_data,
        env=region,
        termination_protection=settings.keep_data,
    )
    gateway = Gateway(
        app,
        f"{prefix}-gateway",
        settings=settings,
        upstream=url_upstream(settings.upstream_url),
        code_platform=LAMBDA_PLATFORM if settings.target == "aws" else HOST_PLATFORM,
        env=region,
    )

    for stack in (storage, gateway):
        cdk.Tags.of(stack).add("project", "vitrine")
        cdk.Tags.of(stack).add("environment", settings.name)
    for notice in settings.notices(date.today()):
        cdk.Annotations.of(gateway).add_warning_v2("vitrine:settings", notice)


def main() -> None:
    """Synthesize the environment that the context names."""
    app = cdk.App()
    try:
        settings = load_environment(app.node.try_get_context("env"))
    except SettingsError as error:
        sys.exit(str(error))
    build(app, settings)
    app.synth()


if __name__ == "__main__":
    main()
