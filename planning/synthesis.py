"""The templates of an environment: the one place where the planner runs the CDK app."""

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from settings.environment import Environment


@cache
def templates(settings: Environment) -> tuple[dict[str, Any], ...]:
    """Return the environment's templates that have resources, as the CDK app declares them.

    The same settings are synthesized once; the templates are not to be changed.
    """
    from stacks.app import synthesize  # loads the CDK, which takes seconds

    with tempfile.TemporaryDirectory() as folder:
        files = synthesize(settings, Path(folder), notices=False)
        return tuple(json.loads(file.read_text("utf-8")) for file in files)
