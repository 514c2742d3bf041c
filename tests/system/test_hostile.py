"""Hostile uploads get a problem document, and cost the service no memory."""

import psutil
import pytest

from benchmarks.hostile_uploads import Upload, uploads
from tests.system.running import System

UPLOADS = uploads()
MEMORY_LIMIT = 100 * 2**20


@pytest.mark.parametrize("upload", UPLOADS, ids=lambda upload: upload.name)
def test_hostile_upload_is_refused(system: System, upload: Upload) -> None:
    process = psutil.Process(system.pid("service"))
    before = process.memory_info().rss
    answer = upload.post(system.client, system.service_url, system.headers("anna"))
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["status"]) == (upload.status, upload.status)
    assert abs(process.memory_info().rss - before) < MEMORY_LIMIT


def test_service_survives_hostile_uploads(system: System) -> None:
    assert system.client.get(f"{system.service_url}/readyz").status_code == 200
