"""Any variant of the settings can follow any other in a deployed account."""

from collections.abc import Mapping, Sequence
from itertools import permutations

import pytest

from settings.naming import stack_name
from tests.stacks.deployments import refusals
from tests.stacks.variants import NAME, VARIANTS, Stack, synthesized

pytestmark = pytest.mark.system  # some 35 syntheses
Variants = Mapping[str, Sequence[Stack]]


@pytest.fixture(scope="module")
def variants(tmp_path_factory: pytest.TempPathFactory) -> Variants:
    return synthesized(tmp_path_factory.mktemp("variants"))


def deployed(stacks: Sequence[Stack]) -> set[str]:
    return {stack.name.removeprefix(stack_name(NAME, "")) for stack in stacks if stack.resources}


def test_variants_differ(variants: Variants) -> None:
    assert len({repr(stacks) for stacks in variants.values()}) >= 24


def test_every_variant_can_be_created(variants: Variants) -> None:
    assert {name: found for name, stacks in variants.items() if (found := refusals([], stacks))} == {}


def test_every_change_can_be_deployed(variants: Variants) -> None:
    refused = {
        (before, after): found
        for before, after in permutations(variants, 2)
        if (found := refusals(variants[before], variants[after]))
    }
    assert refused == {}


def test_model_stack_can_be_deployed_alone(variants: Variants) -> None:
    same = [name for name, changes in VARIANTS.items() if all(key.startswith("model.") for key in changes)]
    assert len(same) > 10
    model = stack_name(NAME, "model")
    for before, after in permutations(same, 2):
        assert refusals(variants[before], variants[after], alone=model) == [], (before, after)


def test_absent_section_deletes_its_stack(variants: Variants) -> None:
    everything, least = variants["everything"], variants["least"]
    assert deployed(everything) - deployed(least) == {"hooks", "studio", "delivery"}
    # A stack that the assembly lacks would stay in the account.
    assert {stack.name for stack in everything} == {stack.name for stack in least}
    absent = {stack_name(NAME, stack) for stack in ("hooks", "studio", "delivery")}
    assert {stack.name for stack in least[-3:]} == absent
