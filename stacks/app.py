"""Which stacks an environment has, and what each is given."""

import json
import shutil
import sys
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import aws_cdk as cdk

from model_artifacts.blip2.tools.errors import PackagingError
from settings.environment import Environment, SettingsError, load_environment
from settings.naming import PROJECT, SETTINGS_FILE, stack_name
from stacks.analyze.stack import AnalyzeStack
from stacks.constructs.functions import HOST_PLATFORM, LAMBDA_PLATFORM
from stacks.delivery.stack import DeliveryStack
from stacks.gateway.stack import GatewayStack, Upstream, listener_upstream, url_upstream
from stacks.goods import check_goods
from stacks.hooks.stack import HooksStack
from stacks.model.container import ContainerError
from stacks.model.stack import ModelStack
from stacks.observability.stack import ObservabilityStack
from stacks.results.stack import ResultsStack
from stacks.storage.stack import StorageStack
from stacks.studio.stack import StudioStack
from stacks.web.stack import WebStack

ROOT = Path(__file__).resolve().parent.parent


def build(app: cdk.App, settings: Environment, *, notices: bool = True) -> None:
    """Declare the stacks of one environment, with the settings' notices as warnings.

    Raises SettingsError where its catalogue is another one.
    """
    check_goods(settings)
    if settings.bootstrap is not None:
        app.node.set_context("@aws-cdk/core:bootstrapQualifier", settings.qualifier)
    code_platform = LAMBDA_PLATFORM if settings.target == "aws" else HOST_PLATFORM
    storage = StorageStack(
        **_placed(app, settings, "storage"),
        environment_name=settings.name,
        retention_days=settings.retention_days,
        keep_data=settings.keep_data,
        upload_origins=settings.upload_origins,
        alarms=settings.alarms,
    )
    results = ResultsStack(
        **_placed(app, settings, "results"), settings=settings, storage=storage, code_platform=code_platform
    )
    # The emulator has no SageMaker, ECS or load balancer: its gateway forwards to a URL on this machine.
    if settings.upstream_url is not None:
        upstream = url_upstream(settings.upstream_url)
    else:
        upstream = _build_service(app, settings, storage, results)
    gateway = GatewayStack(
        **_placed(app, settings, "gateway"), settings=settings, upstream=upstream, code_platform=code_platform
    )
    if settings.hooks is not None:
        HooksStack(
            **_placed(app, settings, "hooks"),
            settings=settings,
            hooks=settings.hooks,
            api=gateway.api,
            storage=storage,
            results=results,
            code_platform=code_platform,
        )
    if settings.web is not None:
        WebStack(
            **_placed(app, settings, "web"),
            settings=settings,
            web=settings.web,
            api=gateway.api,
            storage=storage,
        )
    if settings.target == "aws":
        observability = ObservabilityStack(**_placed(app, settings, "observability"), settings=settings)
        for other in app.node.children:
            if isinstance(other, cdk.Stack) and other is not observability:
                observability.add_stack_dependency(other)

    _declare_absent(app, settings)

    cdk.Tags.of(app).add("project", PROJECT)
    cdk.Tags.of(app).add("environment", settings.name)
    for notice in settings.notices(date.today()) if notices else ():
        cdk.Annotations.of(gateway).add_warning_v2(f"{PROJECT}:settings", notice)


def _build_service(
    app: cdk.App, settings: Environment, storage: StorageStack, results: ResultsStack
) -> Upstream:
    """Declare the model, the analyze service and, if the settings have them, Studio and GitHub's roles."""
    model = ModelStack(
        **_placed(app, settings, "model"),
        settings=settings,
        artifacts=storage.artifacts,
        async_io=results.async_io,
    )
    analyze = AnalyzeStack(
        **_placed(app, settings, "analyze"), settings=settings, storage=storage, results=results
    )
    if settings.studio is not None:
        StudioStack(
            **_placed(app, settings, "studio"),
            settings=settings,
            studio=settings.studio,
            storage=storage,
            vpc=analyze.vpc,
        )
    if settings.delivery is not None:
        DeliveryStack(
            **_placed(app, settings, "delivery"),
            settings=settings,
            delivery=settings.delivery,
            storage=storage,
            async_io=results.async_io,
            canary_role=model.canary_role,
        )
    server_name = settings.domain.name if settings.domain is not None else None
    return listener_upstream(analyze.vpc, analyze.listener, server_name)


def _declare_absent(app: cdk.App, settings: Environment) -> None:
    # `cdk deploy` deletes a stack without resources, and ignores one that the app does not have. It comes
    # last: by then no other stack imports from it.
    sections: dict[str, object | None] = {"hooks": settings.hooks}
    if settings.target == "aws":
        sections |= {"studio": settings.studio, "web": settings.web, "delivery": settings.delivery}
    others = [stack for stack in app.node.children if isinstance(stack, cdk.Stack)]
    for name, section in sections.items():
        if section is None:
            place = cdk.Environment(region=settings.region)
            absent = cdk.Stack(app, stack_name(settings.name, name), env=place)
            reason = "Without resources the stack is deleted."
            cdk.Validations.of(absent).acknowledge(
                cdk.Acknowledgment(id="CloudFormation-Validate::F0001", reason=reason)
            )
            for stack in others:
                absent.add_stack_dependency(stack)


def _placed(app: cdk.App, settings: Environment, stack: str) -> dict[str, Any]:
    return {
        "scope": app,
        "construct_id": stack_name(settings.name, stack),
        "env": cdk.Environment(region=settings.region),
    }


def main() -> None:
    """Synthesize the environment that the context names; exit with a message if its settings are wrong."""
    # The engine of the CDK's own rules takes longer than the synthesis; `make check` applies them.
    app = cdk.App(builtin_cloud_formation_validation=False)
    try:
        settings = load_environment(app.node.try_get_context("env"))
        build(app, settings)
    except (SettingsError, ContainerError, PackagingError) as error:
        sys.exit(str(error))
    _write(app, settings)


def synthesize(
    settings: Environment,
    folder: Path,
    *,
    rules: Callable[[cdk.App, str], None] | None = None,
    notices: bool = True,
) -> list[Path]:
    """Replace `folder` by the environment's assembly, and return the templates that have resources.

    Code is not packaged. A section that the settings lack has a template without resources.
    Needs neither the CDK's command line nor network, credentials or Docker. `rules` adds checks to the app;
    with them, the CDK's own apply. Raises RuntimeError if a stack breaks one; the findings are on standard
    error, as are the settings' `notices`.
    """
    shutil.rmtree(folder, ignore_errors=True)
    context = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    context["aws:cdk:bundling-stacks"] = []
    app = cdk.App(outdir=str(folder), context=context, builtin_cloud_formation_validation=rules is not None)
    build(app, settings, notices=notices)
    if rules is not None:
        rules(app, settings.name)
    _write(app, settings)
    templates = sorted(folder.glob("*.template.json"))
    return [file for file in templates if json.loads(file.read_text("utf-8")).get("Resources")]


def _write(app: cdk.App, settings: Environment) -> None:
    """Write the assembly, with the settings beside the templates: `planning` compares the costs of two."""
    app.synth()
    written = settings.model_dump_json(exclude={"log_user_key"}, indent=2)
    (Path(app.outdir) / SETTINGS_FILE).write_text(f"{written}\n", "utf-8")
