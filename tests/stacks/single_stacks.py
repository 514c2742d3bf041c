"""Templates of one stack over those that it needs, in a fraction of the time that all take."""

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import aws_cdk as cdk
from aws_cdk import aws_iam as iam

from settings.environment import Environment
from stacks.analyze.stack import AnalyzeStack
from stacks.app import ROOT, build
from stacks.constructs.async_io import AsyncIoResources
from stacks.constructs.functions import LAMBDA_PLATFORM
from stacks.constructs.network import service_vpc
from stacks.delivery.stack import DeliveryStack
from stacks.gateway.stack import GatewayStack, url_upstream
from stacks.hooks.stack import HooksStack
from stacks.model.stack import ModelStack
from stacks.observability.stack import ObservabilityStack
from stacks.results.stack import ResultsStack
from stacks.storage.stack import StorageStack
from stacks.studio.stack import StudioStack
from stacks.web.stack import WebStack

CANARY_ROLE = "arn:aws:iam::123456789012:role/canary"


@cache
def synthesized(settings: Environment, stack: str | None) -> dict[str, str]:
    """Return the templates of one stack and of those that it needs, or of all, by the file's name."""
    context = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    context |= {"aws:cdk:bundling-stacks": [], "aws:cdk:disable-asset-staging": True}
    with tempfile.TemporaryDirectory() as folder:
        app = cdk.App(
            outdir=folder, context=context, tree_metadata=False, builtin_cloud_formation_validation=False
        )
        if stack is None:
            build(app, settings)
        else:
            _declare(app, stack, settings)
        app.synth()
        return {file.name: file.read_text("utf-8") for file in Path(folder).glob("*.template.json")}


def _declare(app: cdk.App, stack: str, settings: Environment) -> None:
    code: Any = {"settings": settings, "code_platform": LAMBDA_PLATFORM}
    if stack == "observability":
        ObservabilityStack(app, stack, settings=settings)
        return
    if stack in ("gateway", "hooks", "web"):
        gateway = GatewayStack(app, "gateway", upstream=url_upstream("https://service.shop.example"), **code)
    if stack == "gateway":
        return
    storage = StorageStack(
        app, "storage", environment_name="shop", retention_days=7, keep_data=settings.keep_data
    )
    if stack in ("analyze", "hooks", "results"):
        results = ResultsStack(app, "results", storage=storage, **code)
    if stack == "analyze":
        AnalyzeStack(app, stack, settings=settings, storage=storage, results=results)
    elif stack == "hooks":
        assert settings.hooks is not None
        api = gateway.api
        HooksStack(app, stack, hooks=settings.hooks, api=api, storage=storage, results=results, **code)
    elif stack == "web":
        assert settings.web is not None
        WebStack(app, stack, settings=settings, web=settings.web, api=gateway.api, storage=storage)
    elif stack == "studio":
        assert settings.studio is not None
        vpc = service_vpc(storage, zones=settings.zones, egress=settings.egress, log_days=7)
        StudioStack(app, stack, settings=settings, studio=settings.studio, storage=storage, vpc=vpc)
    elif stack in ("model", "delivery"):
        async_io = AsyncIoResources(storage, "Exchange", environment_name="shop")
        if stack == "model":
            ModelStack(app, stack, settings=settings, artifacts=storage.artifacts, async_io=async_io)
        elif settings.delivery is not None:
            DeliveryStack(
                app,
                stack,
                settings=settings,
                delivery=settings.delivery,
                storage=storage,
                async_io=async_io,
                canary_role=iam.Role.from_role_arn(storage, "Canary", CANARY_ROLE),
            )
