"""What cannot be a photo gets a problem document, and costs the service nothing."""

import psutil
import pytest

from benchmarks.hostile_uploads import Upload, uploads
from tests.system.running import System

UPLOADS = uploads()
ROOM = 100 * 2**20


@pytest.mark.parametrize("upload", UPLOADS, ids=lambda upload: upload.name)
def test_it_is_refused_by_name_with_memory_unmoved(system: System, upload: Upload) -> None:
    process = psutil.Process(system.pid("service"))
    before = process.memory_info().rss
    answer = upload.post(system.client, system.service_url, system.headers("anna"))
    assert answer.headers["content-type"] == "application/problem+json"
    assert (answer.status_code, answer.json()["status"]) == (upload.status, upload.status)
    assert abs(process.memory_info().rss - before) < ROOM


def test_the_service_goes_on_after_all_of_it(system: System) -> None:
    for upload in UPLOADS:
        upload.post(system.client, system.service_url, system.headers("anna"))
    assert system.client.get(f"{system.service_url}/readyz").status_code == 200
