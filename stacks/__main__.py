"""Synthesize every environment and check it: `python -m stacks`. Needs no network, credentials or Docker."""

import argparse
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from cli.cdk import node

# jsii reads this when the CDK is imported.
if (_node := node()) is not None:
    os.environ.setdefault("JSII_NODE", str(_node))

import aws_cdk as cdk

from settings.environment import Environment, SettingsError, environment_names, load_environment
from stacks.app import build

ROOT = Path(__file__).resolve().parent.parent


def synthesize(settings: Environment, folder: Path, *, by_rules: bool = False) -> list[Path]:
    """Write the environment's assembly to `folder`, anew, and return its templates. Packages no code.

    Raises RuntimeError, with the findings on standard error, for what breaks the rules it is to be held to.
    """
    shutil.rmtree(folder, ignore_errors=True)
    context = json.loads((ROOT / "cdk.json").read_text("utf-8"))["context"]
    context["aws:cdk:bundling-stacks"] = []
    app = cdk.App(outdir=str(folder), context=context)
    build(app, settings)
    if by_rules:
        from stacks.checks.nag import hold_to_rules  # not among what a deployment needs

        hold_to_rules(app, settings.name)
    app.synth()
    return sorted(folder.glob("*.template.json"))


def lint(templates: list[Path], region: str) -> int:
    """Return cfn-lint's exit status, 0 when it has nothing to say."""
    command = [str(Path(sys.executable).parent / "cfn-lint"), "--regions", region]
    # W3005: the CDK lets a function depend on its role both by reference and by name.
    # W3010: the settings name the zones, since the gateway's link cannot stand in each.
    command += ["--ignore-checks", "W3005", "W3010", "--template", *map(str, templates)]
    return subprocess.run(command, check=False).returncode  # noqa: S603 our own command


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesize into cdk.out/<environment>; returns 1 when a template is not clean or a setting is wrong."""
    options = _parser().parse_args(arguments)
    status = 0
    for name in environment_names():
        try:
            settings = load_environment(name)
        except SettingsError as error:
            sys.stderr.write(f"{error}\n")
            status = 1
            continue
        try:
            templates = synthesize(settings, ROOT / "cdk.out" / name, by_rules=options.lint)
        except RuntimeError as error:
            sys.stderr.write(f"{name}: {error}\n")
            status = 1
            continue
        if options.lint:
            status |= lint(templates, settings.region)
        sys.stdout.write(f"{name}: {len(templates)} stacks in cdk.out/{name}\n")
    return min(status, 1)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m stacks",
        description="Synthesize every environment into cdk.out/<environment>, by AwsSolutions, and lint it.",
    )
    parser.add_argument(
        "--no-lint",
        dest="lint",
        action="store_false",
        help="only synthesize: cfn-lint and cdk-nag need not be installed",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
