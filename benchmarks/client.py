"""The client that measures: one photo over one kept connection, from its first byte to the answer's last."""

import http.client
import json
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.scene import Scene, Service

BOUNDARY = "bench"


@dataclass(frozen=True)
class Exchange:
    """One request: milliseconds at the client, and those that the service says its stages took."""

    whole_ms: float
    stages_ms: dict[str, float]


class Client:
    """Posts `photo` to one service as one user."""

    def __init__(self, service: Service, token: str, photo: bytes) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", service.port, timeout=120)
        self._service = service
        self._headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": f"multipart/form-data; boundary={BOUNDARY}",
        }
        head = (
            'Content-Disposition: form-data; name="images"; filename="photo.jpg"\r\nContent-Type: image/jpeg'
        )
        self._body = b"".join(
            (f"--{BOUNDARY}\r\n{head}\r\n\r\n".encode(), photo, f"\r\n--{BOUNDARY}--\r\n".encode())
        )

    def post(self) -> Exchange:
        """Send it once; raises SystemExit unless the answer is a report that the LLM worded."""
        start = time.perf_counter()
        self._connection.request("POST", "/analyze", self._body, self._headers)
        answer = self._connection.getresponse()
        body = answer.read()
        whole_ms = (time.perf_counter() - start) * 1000
        if answer.status != 200 or json.loads(body)["narrative"] != "llm":
            raise SystemExit(f"{self._service.name} answered {answer.status}: {body[:500].decode()}")
        return Exchange(whole_ms, _stages(answer.getheader("Server-Timing", "")))


def spent_by_standins(scene: Scene) -> float:
    """Return the milliseconds that model and LLM took since this was asked last."""
    connection = http.client.HTTPConnection("127.0.0.1", scene.standins, timeout=10)
    try:
        connection.request("GET", "/spent")
        return float(connection.getresponse().read())
    finally:
        connection.close()


def at_once(clients: Sequence[Client], each: int) -> float:
    """Let every client post `each` times, all at the same time; return requests per second."""
    start = time.perf_counter()
    with ThreadPoolExecutor(len(clients)) as pool:
        list(pool.map(lambda client: [client.post() for _ in range(each)], clients))
    return len(clients) * each / (time.perf_counter() - start)


def _stages(header: str) -> dict[str, float]:
    pairs = (entry.strip().split(";dur=") for entry in header.split(",") if entry)
    return {name: float(ms) for name, ms in pairs}
