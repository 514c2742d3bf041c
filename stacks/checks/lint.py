"""cfn-lint over the templates of an environment."""

import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

# W3005: the CDK lets a function depend on its role both by reference and by DependsOn.
# W3010: the settings name the zones, because VPC links exist only in some of them.
IGNORED = ("W3005", "W3010")


def lint(templates: Sequence[Path], region: str) -> int:
    """Return cfn-lint's exit status: 0 without findings, which it prints."""
    command = [str(Path(sys.executable).parent / "cfn-lint"), "--regions", region]
    command += ["--ignore-checks", *IGNORED, "--template", *map(str, templates)]
    return subprocess.run(command, check=False).returncode  # noqa: S603 our own command
