"""The templates of an environment: the one place where the planner runs the CDK app."""

import json
import tempfile
from functools import cache
from pathlib import Path
from typing import Any

from planning.errors import PlanningError
from settings.environment import Environment
from settings.naming import stack_name


def templates(settings: Environment) -> tuple[dict[str, Any], ...]:
    """Return the environment's templates that have resources, as `templates_by_stack` does."""
    return tuple(templates_by_stack(settings).values())


@cache
def templates_by_stack(settings: Environment) -> dict[str, dict[str, Any]]:
    """Return the environment's templates that have resources, as the CDK app declares them, by stack.

    The same settings are synthesized once; the templates are not to be changed. Raises PlanningError if no
    container of the model is known for the region and the instance type.
    """
    from stacks.app import synthesize  # loads the CDK, which takes seconds
    from stacks.model.container import ContainerError

    with tempfile.TemporaryDirectory() as folder:
        try:
            files = synthesize(settings, Path(folder), notices=False)
        except ContainerError as error:
            raise PlanningError(f"{settings.name}: {error}.") from error
        prefix, suffix = stack_name(settings.name, ""), ".template.json"
        return {
            file.name.removeprefix(prefix).removesuffix(suffix): json.loads(file.read_text("utf-8"))
            for file in files
        }
