"""The hooks' functions over moto's AWS, and the requests that reach them."""

import asyncio
import base64
import importlib
import json
import logging
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import ModuleType
from typing import Any
from uuid import uuid4

import boto3
import pytest
from mypy_boto3_secretsmanager.client import SecretsManagerClient
from mypy_boto3_sqs.client import SQSClient

from services.core.auth.signing import SigningKeys

REGION, SECRET = "ca-central-1", "vitrine/test/hooks"
OLD, NEW, FOREIGN = (f"whsec_{base64.b64encode(word * 8).decode()}" for word in (b"old ", b"new ", b"else"))
USER = "7d1f0e0a-6f5b-4c3e-9a55-0d6f8f1b2c3d"
UPLOAD = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def record(**changed: object) -> dict[str, Any]:
    """Return a row of public.analyses as the trigger sends it."""
    return {
        "id": str(uuid4()),
        "user_id": USER,
        "upload_ids": [UPLOAD],
        "language": "en",
        "created_at": "2026-11-25T13:00:00.123456+00:00",
        **changed,
    }


def insertion(row: object, **changed: object) -> bytes:
    whole = {"type": "INSERT", "table": "analyses", "schema": "public", "record": row, "old_record": None}
    return json.dumps({**whole, **changed}).encode()


def deletion(report_id: str = UPLOAD, user_id: str = USER, **changed: object) -> bytes:
    """A deleted row of public.reports as the trigger sends it."""
    old = {"id": report_id, "user_id": user_id}
    whole = {"type": "DELETE", "table": "reports", "schema": "public", "record": None, "old_record": old}
    return json.dumps({**whole, **changed}).encode()


def signed(body: bytes, message_id: str, secret: str = OLD, moment: datetime | None = None) -> dict[str, str]:
    return SigningKeys.parse(secret, "a test").sign(message_id, body, moment)


def request_event(body: bytes, headers: Mapping[str, str], *, as_base64: bool = True) -> dict[str, Any]:
    """Return an HTTP API's event for POST /hooks/supabase (payload 2.0)."""
    return {
        "version": "2.0",
        "routeKey": "POST /hooks/supabase",
        "rawPath": "/hooks/supabase",
        "rawQueryString": "",
        "headers": {
            "content-type": "application/json",
            "content-length": str(len(body)),
            "host": "api.example.com",
            "x-forwarded-proto": "https",
            **headers,
        },
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "api",
            "domainName": "api.example.com",
            "http": {
                "method": "POST",
                "path": "/hooks/supabase",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.1",
                "userAgent": "pg_net",
            },
            "requestId": "request-1",
            "routeKey": "POST /hooks/supabase",
            "stage": "$default",
            "timeEpoch": 1764075600000,
        },
        "body": base64.b64encode(body).decode() if as_base64 else body.decode(),
        "isBase64Encoded": as_base64,
    }


@dataclass
class Answered:
    status: int
    headers: Mapping[str, str]
    content: Any


@dataclass
class Hook:
    """The function behind POST /hooks/supabase, its queue and its secret."""

    module: ModuleType
    sqs: SQSClient
    queue_url: str
    secrets: SecretsManagerClient
    answer_within_s: float

    def send(self, body: bytes, headers: Mapping[str, str], *, as_base64: bool = True) -> Answered:
        return self.answer(request_event(body, headers, as_base64=as_base64))

    def answer(self, event: dict[str, Any]) -> Answered:
        raw = self.module.handle(event, None)
        assert raw["isBase64Encoded"] is False
        return Answered(raw["statusCode"], raw["headers"], json.loads(raw["body"]))

    def post(self, row: dict[str, Any], secret: str = OLD) -> Answered:
        body = insertion(row)
        return self.send(body, signed(body, f"anl_{row['id']}", secret))

    def change_secret(self, secret: str) -> None:
        self.secrets.put_secret_value(SecretId=SECRET, SecretString=secret)


@pytest.fixture(autouse=True)
def logging_left_as_it_was() -> Iterator[None]:
    """Undo the function's configuration of logging, which is the whole process's."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    logging.captureWarnings(False)
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.fixture
def sqs(aws: None) -> SQSClient:
    client: SQSClient = boto3.client("sqs", region_name=REGION)
    return client


@pytest.fixture
def hook(sqs: SQSClient, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hook]:
    secrets: SecretsManagerClient = boto3.client("secretsmanager", region_name=REGION)
    secrets.create_secret(Name=SECRET, SecretString=OLD)
    queue_url = sqs.create_queue(QueueName="hooks")["QueueUrl"]
    variables = {
        "AWS_REGION": REGION,
        "HOOKS_QUEUE_URL": queue_url,
        "HOOKS_SECRET_NAME": SECRET,
    }
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, "services.hooks.app", raising=False)
    module = importlib.import_module("services.hooks.app")
    answer_within_s: float = module.__dict__["ANSWER_WITHIN_S"]
    # A busy machine is no error of the function's.
    monkeypatch.setitem(module.__dict__, "ANSWER_WITHIN_S", 60.0)
    yield Hook(module, sqs, queue_url, secrets, answer_within_s)
    module.__dict__["_loop"].close()
    asyncio.set_event_loop(None)
