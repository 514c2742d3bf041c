"""Requests and cost of a month, by hand, and the requests of a report as the stores make them."""

from collections import Counter
from typing import Any

import boto3
import pytest
from moto import mock_aws

from planning.assumptions import load_assumptions
from planning.bucket.monthly_cost import Requests, monthly_cost, requests
from services.core.aws import PRESIGNING
from services.core.storage.image_store import ImageStore, Uploads, image_keys
from tests.planning.bucket.test_storage_classes import listed

ASSUMED = load_assumptions()


def test_month_costs_what_arithmetic_says() -> None:
    cost = monthly_cost(10 * 2**30, Requests(puts=20_000, gets=100_000), listed())
    assert (cost.storage_usd, cost.puts_usd, cost.gets_usd) == pytest.approx((0.23, 0.1, 0.04))
    assert cost.usd == pytest.approx(0.37)


def test_requests_of_a_month() -> None:
    photos = ASSUMED.photos.model_copy(
        update={"per_report": (0.5, 0.0, 0.5), "uploaded_share": 0.1, "unused_share": 0.2}
    )
    reports = ASSUMED.reports.model_copy(update={"viewed": 4.0, "late_share": 0.02})
    made = requests(1000, ASSUMED.model_copy(update={"photos": photos, "reports": reports}))
    # 2,000 photos; 200 of them by an upload, of which there are 250.
    assert (made.puts, made.gets) == pytest.approx((2000 + 250, 2000 * 4.02 + 200))


def test_stores_make_these_requests(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        s3 = boto3.client("s3", "us-east-1", config=PRESIGNING)
        s3.create_bucket(Bucket="images")
        s3.put_object(Bucket="images", Key="uploads/ada/01J8Z3V4XK5QW7R9T2N6M8P0AB", Body=b"photo")
        made: Counter[str] = Counter()
        s3.meta.events.register("before-call.s3", lambda model, **_: made.update([model.name]))
        store, uploads = ImageStore(s3, "images", None), Uploads(s3, "images", None)
        uploads.offer("ada")  # signed here, so no request of ours; the client's POST is one
        photo: Any = uploads.fetch("ada", "01J8Z3V4XK5QW7R9T2N6M8P0AB")
        for key in image_keys("ada", "report", 3):
            store.put(key, photo)
        uploads.delete("ada", ["01J8Z3V4XK5QW7R9T2N6M8P0AB"])
        for key in image_keys("ada", "report", 3):
            store.link(key)  # signed here too: each view is the client's GET
            store.get(key)  # a late worker's
    assert made == {"PutObject": 3, "GetObject": 1 + 3, "DeleteObject": 1}
