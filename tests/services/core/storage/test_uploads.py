"""Uploads by the form that a client gets, against moto and S3's rules for such forms."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest
import requests
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mypy_boto3_dynamodb.client import DynamoDBClient
from mypy_boto3_s3.client import S3Client

from services.core.aws import PRESIGNING
from services.core.domain.errors import InvalidInput, TooLarge, UploadNotFound
from services.core.storage import image_store
from services.core.storage.image_store import MAX_UPLOAD_BYTES, Offer, Uploads
from tests.services.core.storage.post_policy import refusal

BUCKET = "images"
KEY = "arn:aws:kms:ca-central-1:123456789012:key/k"
PHOTO = b"\xff\xd8\xff photo"


@pytest.fixture
def s3(dynamodb: DynamoDBClient) -> S3Client:
    client: S3Client = boto3.client("s3", region_name="ca-central-1", config=PRESIGNING)
    client.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": "ca-central-1"})
    return client


@pytest.fixture
def uploads(s3: S3Client) -> Uploads:
    return Uploads(s3, BUCKET, KEY)


def refused(fields: dict[str, str], content: bytes, moment: datetime) -> str | None:
    credentials = boto3.Session().get_credentials()
    secret_key = credentials.secret_key if credentials else ""
    return refusal(fields, content, bucket=BUCKET, secret_key=secret_key or "", now=moment)


def send(offer: Offer, content: bytes = PHOTO, changed: dict[str, str] | None = None) -> int:
    """Post the form as a browser would; if moto accepts it, S3's own checks apply."""
    fields = {**offer.fields, "Content-Type": "image/jpeg", **(changed or {})}
    if refused(fields, content, datetime.now(UTC)):
        return 403
    return requests.post(offer.url, data=fields, files={"file": content}, timeout=5).status_code


def test_sent_photo_is_fetched_by_id(uploads: Uploads) -> None:
    offer = uploads.offer("alice")
    assert send(offer) == 204
    assert uploads.fetch("alice", offer.id) == PHOTO


def test_form_requires_bucket_key(uploads: Uploads) -> None:
    fields = uploads.offer("alice").fields
    assert fields["x-amz-server-side-encryption"] == "aws:kms"
    assert fields["x-amz-server-side-encryption-aws-kms-key-id"] == KEY


def test_form_without_bucket_key(s3: S3Client) -> None:
    offer = Uploads(s3, BUCKET, None).offer("alice")
    assert send(offer) == 204
    assert not [name for name in offer.fields if "encryption" in name]


@pytest.mark.parametrize("kind", ["image/jpeg", "image/png", "image/webp", "image/heic"])
def test_image_types_are_accepted(uploads: Uploads, kind: str) -> None:
    assert send(uploads.offer("alice"), changed={"Content-Type": kind}) == 204


@pytest.mark.parametrize("kind", ["text/html", "application/octet-stream", " image/jpeg", ""])
def test_other_types_are_refused(uploads: Uploads, kind: str) -> None:
    assert send(uploads.offer("alice"), changed={"Content-Type": kind}) == 403


@pytest.mark.parametrize(("size", "status"), [(0, 403), (1, 204), (25_000_000, 204), (25_000_001, 403)])
def test_upload_size_is_limited(uploads: Uploads, size: int, status: int) -> None:
    assert send(uploads.offer("alice"), content=bytes(size)) == status


@pytest.mark.parametrize("key", ["uploads/bob/01ARZ3NDEKTSV4RRFFQ69G5FAV", "photos/alice/1.jpg"])
def test_form_fits_one_key(uploads: Uploads, key: str) -> None:
    assert send(uploads.offer("alice"), changed={"key": key}) == 403


@pytest.mark.parametrize(
    "changed",
    [
        {"x-amz-server-side-encryption": "AES256"},
        {"x-amz-server-side-encryption-aws-kms-key-id": "arn:aws:kms:ca-central-1:666:key/theirs"},
        {"acl": "public-read"},
        {"success_action_redirect": "https://example.com"},
    ],
)
def test_form_fields_cannot_change(uploads: Uploads, changed: dict[str, str]) -> None:
    assert send(uploads.offer("alice"), changed=changed) == 403


def test_form_expires_after_ten_minutes(uploads: Uploads) -> None:
    offer = uploads.offer("alice")
    fields = {**offer.fields, "Content-Type": "image/png"}
    late, early = offer.expires_at + timedelta(seconds=1), offer.expires_at - timedelta(seconds=2)
    assert refused(fields, PHOTO, late) == "AccessDenied: expired"
    assert refused(fields, PHOTO, early) is None
    assert timedelta(minutes=9) < offer.expires_at - datetime.now(UTC) <= timedelta(minutes=10)


def test_form_uses_regional_host_and_sigv4(
    uploads: Uploads,
) -> None:
    offer = uploads.offer("alice")
    assert offer.url == "https://images.s3.ca-central-1.amazonaws.com/"
    assert offer.fields["x-amz-algorithm"] == "AWS4-HMAC-SHA256"


def test_global_host_client_is_refused(s3: S3Client) -> None:
    plain: S3Client = boto3.client("s3", region_name="ca-central-1", config=Config(connect_timeout=1))
    with pytest.raises(ValueError, match="PRESIGNING"):
        Uploads(plain, BUCKET, KEY)


def test_other_users_upload_is_not_found(uploads: Uploads) -> None:
    offer = uploads.offer("alice")
    send(offer)
    with pytest.raises(UploadNotFound, match=offer.id):
        uploads.fetch("bob", offer.id)


def test_missing_upload_error_has_remedy(uploads: Uploads) -> None:
    offer = uploads.offer("alice")
    with pytest.raises(InvalidInput) as raised:
        uploads.fetch("alice", offer.id)
    assert raised.value.field == "upload_ids"
    assert "POST /uploads" in raised.value.remedy


def test_access_denied_means_not_found(s3: S3Client, uploads: Uploads) -> None:
    offer = uploads.offer("alice")

    def refuse(**_: object) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": ""}}, "GetObject")

    s3.meta.events.register_first("before-send.s3.GetObject", refuse)
    with pytest.raises(UploadNotFound):
        uploads.fetch("alice", offer.id)


def test_store_failure_is_raised(s3: S3Client) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        Uploads(s3, "elsewhere", KEY).fetch("alice", "01ARZ3NDEKTSV4RRFFQ69G5FAV")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text() | st.from_regex(r"(\.\./)?[0-9A-Za-z/]{0,30}\n?"))
def test_malformed_id_makes_no_call(uploads: Uploads, upload_id: str) -> None:
    if not (len(upload_id) == 26 and set(upload_id) <= set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")):
        uploads._bucket = "elsewhere"
        with pytest.raises(UploadNotFound):
            uploads.fetch("alice", upload_id)
        with pytest.raises(UploadNotFound):
            uploads.delete("alice", [upload_id])


def test_oversized_object_is_not_read(
    uploads: Uploads, s3: S3Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    offer = uploads.offer("alice")
    key = f"uploads/alice/{offer.id}"
    s3.put_object(Bucket=BUCKET, Key=key, Body=bytes(11))
    monkeypatch.setattr(image_store, "MAX_UPLOAD_BYTES", 10)
    monkeypatch.setattr("botocore.response.StreamingBody.read", lambda *_: pytest.fail("was read"))
    with pytest.raises(TooLarge, match=offer.id):
        uploads.fetch("alice", offer.id)


def test_delete_is_repeatable(uploads: Uploads) -> None:
    offers = [uploads.offer("alice") for _ in range(2)]
    for offer in offers:
        send(offer)
    ids = [offer.id for offer in offers]
    uploads.delete("alice", ids)
    uploads.delete("alice", ids)
    for upload_id in ids:
        with pytest.raises(UploadNotFound):
            uploads.fetch("alice", upload_id)


def test_limit_matches_the_api() -> None:
    assert MAX_UPLOAD_BYTES == 25_000_000
