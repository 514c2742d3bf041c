"""Observations and reports."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from catalogue import Catalogue
from services.core.domain.observation import KindSeen, Observation, Said
from services.core.domain.report import Provenance, Report, Status
from services.core.domain.stored_report import (
    Lease,
    LeasedReport,
    RequestKey,
    StoredPhoto,
    seconds_now,
)
from services.core.storage.leases import Leases
from services.core.storage.reports import Reports
from tests.services.conftest import TABLE

# Longer than a run of all tests.
LEASE = Lease("maker", seconds_now() + 86_400)


@pytest.fixture
def observation(drawn: Catalogue) -> Callable[..., Observation]:
    """Makes an observation of drawn goods: the named type and material likeliest, the wear on each photo.

    A type that is no drawn kind is what the model says freely, and each kind then has a small probability.
    """
    department = drawn.departments["drawn"]

    def make(
        type_: str = "mug",
        material: str = "ceramic",
        wear: tuple[tuple[str, ...], ...] = ((),),
        caption: str = "a blue ceramic mug",
    ) -> Observation:
        known = type_ in drawn.kinds
        ranked = [type_, *(id_ for id_ in drawn.kinds if id_ != type_)] if known else list(drawn.kinds)
        return Observation(
            kinds=tuple(
                KindSeen(id_, drawn.kinds[id_].answer, 0.9 if id_ == type_ else 0.01) for id_ in ranked[:5]
            ),
            rest=(0.0, 0.05),
            said=Said(type_.replace("_", " "), 0.9, type_ if known else None),
            department="drawn",
            material={each.id: 0.8 if each.id == material else 0.02 for each in department.materials},
            colour={},
            pattern={},
            wear=tuple(
                {tag.id: (0.7 if tag.id in photo else 0.1,) for tag in department.wear} for photo in wear
            ),
            caption=caption,
            artifact="demo-000000000000",
            catalogue=drawn.version,
            calibrated=True,
            thresholds={"type": 0.7, "material": 0.7, "colour": 0.5, "pattern": 0.5},
        )

    return make


@pytest.fixture
def reports(dynamodb: DynamoDBClient) -> Reports:
    return Reports(dynamodb, TABLE, quota_per_day=3)


@pytest.fixture
def leases(dynamodb: DynamoDBClient) -> Leases:
    return Leases(dynamodb, TABLE)


@pytest.fixture
def new() -> Callable[..., LeasedReport]:
    """Makes an accepted, leased report; ids sort by number."""

    def make(
        number: int = 1, owner: str = "alice", key: str | None = None, digest: str = "d1"
    ) -> LeasedReport:
        now = datetime.now(UTC)
        report = Report(
            id=f"{number:026d}",
            status=Status.QUEUED,
            language="en",
            model=Provenance(endpoint="blip2-endpoint"),
            created_at=now,
            expires_at=now + timedelta(days=30),
        )
        photos = (StoredPhoto(f"photos/{owner}/{number}/1.jpg"),)
        request_key = RequestKey(key, digest) if key else None
        return LeasedReport(owner, report, photos, key=request_key, lease=LEASE)

    return make
