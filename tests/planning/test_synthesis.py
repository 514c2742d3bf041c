"""What the planner says where the CDK app cannot declare an environment."""

import pytest

from planning.errors import PlanningError
from planning.synthesis import templates
from settings.environment import load_environment


def test_region_without_container_is_refused() -> None:
    prod = load_environment("prod")
    zones = ("eu-west-1a", "eu-west-1b")
    away = prod.model_copy(update={"name": "away", "region": "eu-west-1", "zones": zones})
    with pytest.raises(PlanningError, match=r"away: .* no container for eu-west-1: run `make lock`"):
        templates(away)
