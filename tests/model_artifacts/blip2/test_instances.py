import pytest

from model_artifacts.blip2.instances import memory_gib


@pytest.mark.parametrize(
    ("instance_type", "gib"),
    [
        ("ml.t2.medium", 4),
        ("ml.m5.large", 8),
        ("ml.m5.4xlarge", 64),
        ("ml.c6i.xlarge", 8),
        ("ml.r7g.2xlarge", 64),
        ("ml.g4dn.xlarge", 16),
        ("ml.g5.48xlarge", 24),
        ("ml.inf2.xlarge", None),
        ("ml.m5.metal", None),
        ("mug", None),
    ],
)
def test_memory_is_gpus_or_machines(instance_type: str, gib: float | None) -> None:
    assert memory_gib(instance_type) == gib
