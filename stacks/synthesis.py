"""Synthesis of an environment without the CDK's command line, network, credentials or Docker."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import aws_cdk as cdk

from settings.environment import Environment
from stacks.app import build

ROOT = Path(__file__).resolve().parent.parent


def synthesize(
    settings: Environment, folder: Path, *, rules: Callable[[cdk.App, str], None] | None = None
) -> list[Path]:
    """Replace `folder` by the environment's assembly, and return its templates. Code is not packaged.

    `rules` adds checks to the app. Raises RuntimeError if a stack breaks one; the findings are on standard
    error.
    """
    shutil.rmtree(folder, ignore_errors=True)
    context = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    context["aws:cdk:bundling-stacks"] = []
    app = cdk.App(outdir=str(folder), context=context)
    build(app, settings)
    if rules is not None:
        rules(app, settings.name)
    app.synth()
    return sorted(folder.glob("*.template.json"))
