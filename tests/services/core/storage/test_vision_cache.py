import json
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from mypy_boto3_dynamodb.client import DynamoDBClient

from catalogue import Catalogue
from services.core.domain.observation import Observation
from services.core.domain.stored_report import LeasedReport
from services.core.storage.rows import observation_address, to_item
from services.core.storage.vision_cache import VisionCache
from tests.services.conftest import DRAWN, TABLE
from tests.services.core.domain.observations import observations

New = Callable[..., LeasedReport]


@pytest.fixture
def stored(new: New) -> LeasedReport:
    return replace(new(), photos_digest="d" * 64)


def put(dynamodb: DynamoDBClient, cache: VisionCache, stored: LeasedReport, seen: Observation) -> None:
    dynamodb.transact_write_items(TransactItems=cache.put(stored, seen))


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seen=observations(DRAWN, 2))
def test_observation_comes_back(dynamodb: DynamoDBClient, stored: LeasedReport, seen: Observation) -> None:
    cache = VisionCache(dynamodb, TABLE, DRAWN)
    put(dynamodb, cache, stored, seen)
    assert cache.get(stored) == seen


def test_another_question_asks_anew(
    dynamodb: DynamoDBClient,
    stored: LeasedReport,
    observation: Callable[..., Observation],
    second_hand: Catalogue,
) -> None:
    put(dynamodb, VisionCache(dynamodb, TABLE, second_hand), stored, observation())
    shoes = second_hand.select(["shoes"])
    for other in (
        VisionCache(dynamodb, TABLE, second_hand, wear_tiles=4),
        VisionCache(dynamodb, TABLE, replace(second_hand, version="0" * 16)),
        VisionCache(dynamodb, TABLE, shoes),
        VisionCache(dynamodb, TABLE, DRAWN),
    ):
        assert other.get(stored) is None
    assert VisionCache(dynamodb, TABLE, second_hand).get(stored) is not None


@pytest.mark.parametrize(
    "sight",
    [
        {"type": {"mug": 0.9}, "material": {}, "wear": [{}], "caption": "", "artifact": "a"},
        {},
        [],
        "mug",
    ],
)
@pytest.mark.parametrize("named", [False, True])
def test_row_of_another_form_counts_as_absent(
    dynamodb: DynamoDBClient,
    stored: LeasedReport,
    observation: Callable[..., Observation],
    sight: object,
    named: bool,
) -> None:
    cache = VisionCache(dynamodb, TABLE, DRAWN)
    put(dynamodb, cache, stored, observation())
    key = to_item(observation_address(stored.owner, "d" * 64))
    row = dynamodb.get_item(TableName=TABLE, Key=key)["Item"]
    question = {"question": row["question"]} if named else {}
    whole = {name: value for name, value in row.items() if name != "question"}
    dynamodb.put_item(TableName=TABLE, Item=whole | question | {"sight": {"S": json.dumps(sight)}})
    assert cache.get(stored) is None
