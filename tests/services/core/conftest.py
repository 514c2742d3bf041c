"""Observations and reports."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from mypy_boto3_dynamodb.client import DynamoDBClient

from services.core.domain.observation import Observation, vocabulary
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
def observation() -> Callable[..., Observation]:
    """Makes an observation: the named type and material likeliest, the named wear on each photo."""

    def make(
        type_: str = "mug",
        material: str = "ceramic",
        wear: tuple[tuple[str, ...], ...] = ((),),
        caption: str = "a blue ceramic mug",
    ) -> Observation:
        words = vocabulary()
        return Observation(
            type={code: 0.9 if code == type_ else 0.01 for code in words.type.candidates},
            material={code: 0.8 if code == material else 0.02 for code in words.material.candidates},
            wear=tuple(
                {tag: 0.7 if tag in photo else 0.1 for tag in words.wear.candidates} for photo in wear
            ),
            caption=caption,
            artifact="demo-000000000000",
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
