"""Which stacks an environment has, and what each is given."""

import sys
from datetime import date
from typing import Any

import aws_cdk as cdk

from settings.environment import Environment, SettingsError, load_environment
from stacks.analyze.stack import Analyze
from stacks.constructs.packaging import HOST_PLATFORM, LAMBDA_PLATFORM
from stacks.gateway.stack import Gateway
from stacks.gateway.upstream import listener_upstream, url_upstream
from stacks.hooks.stack import Hooks
from stacks.model.stack import Model
from stacks.results.stack import Results
from stacks.storage.stack import Storage
from stacks.studio.stack import Studio


def build(app: cdk.App, settings: Environment) -> None:
    """Declare the stacks of one environment."""

    def placed(stack: str) -> dict[str, Any]:
        name, region = f"vitrine-{settings.name}-{stack}", cdk.Environment(region=settings.region)
        return {"scope": app, "construct_id": name, "env": region}

    storage = Storage(
        **placed("storage"),
        environment_name=settings.name,
        retention_days=settings.retention_days,
        keep_data=settings.keep_data,
        upload_origins=settings.cors_origins,
        termination_protection=settings.keep_data,
    )
    code_platform = LAMBDA_PLATFORM if settings.target == "aws" else HOST_PLATFORM
    results = Results(**placed("results"), settings=settings, storage=storage, code_platform=code_platform)
    if settings.upstream_url is not None:
        upstream = url_upstream(settings.upstream_url)
    else:
        Model(**placed("model"), settings=settings, artifacts=storage.artifacts, async_io=results.async_io)
        analyze = Analyze(**placed("analyze"), settings=settings, storage=storage, results=results)
        if settings.studio is not None:
            Studio(
                **placed("studio"),
                settings=settings,
                studio=settings.studio,
                storage=storage,
                vpc=analyze.vpc,
                termination_protection=settings.keep_data,
            )
        server_name = settings.domain.name if settings.domain is not None else None
        upstream = listener_upstream(analyze.vpc, analyze.listener, server_name)
    gateway = Gateway(**placed("gateway"), settings=settings, upstream=upstream, code_platform=code_platform)
    if settings.hooks is not None:
        Hooks(
            **placed("hooks"),
            settings=settings,
            hooks=settings.hooks,
            api=gateway.api,
            storage=storage,
            results=results,
            code_platform=code_platform,
        )

    cdk.Tags.of(app).add("project", "vitrine")
    cdk.Tags.of(app).add("environment", settings.name)
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
