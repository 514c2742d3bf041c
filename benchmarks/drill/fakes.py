"""`python -m benchmarks.drill.fakes model|llm|receiver`: what stands outside, each killed and started again.

They keep journals of what they were asked, so that nothing that a kill cuts off goes uncounted.
"""

import argparse
import base64
import json
import random
import threading
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from benchmarks.drill.journal import Journal, entries

# Seconds that an answer takes, from and to.
MODEL_S, LLM_S, RECEIVER_S = (0.01, 0.06), (0.02, 0.15), (0.0, 0.02)
MODEL_FAILS, RECEIVER_FAILS = 0.02, 0.03
Answer = tuple[int, bytes]
PendingInference = Callable[[dict[str, str], bytes], Answer]


def model(folder: Path, chance: random.Random) -> PendingInference:
    """See what the number on the photo says."""
    from benchmarks.drill.drill_jobs import number_on, observation

    journal = Journal(folder / "model.jsonl")

    def asked(_: dict[str, str], body: bytes) -> Answer:
        photos = json.loads(body)["photos"]
        number = number_on(base64.b64decode(photos[0]))
        journal.note(job=number)
        time.sleep(chance.uniform(*MODEL_S))
        if chance.random() < MODEL_FAILS:
            return 500, b"{}"
        return 200, json.dumps(observation(number, len(photos))).encode()

    return asked


def llm(folder: Path, chance: random.Random) -> PendingInference:
    """Word what is asked; who asks says so by its key."""
    from benchmarks.drill.drill_jobs import mark

    journal = Journal(folder / "llm.jsonl")
    known: dict[str, Any] = json.loads((folder / "words.json").read_text())

    def asked(headers: dict[str, str], body: bytes) -> Answer:
        question = json.loads(body)
        job, text = known[mark(question["messages"][-1]["content"])]
        call = uuid.uuid4().hex
        journal.note(call=call, job=job, caller=headers["authorization"].removeprefix("Bearer "))
        time.sleep(chance.uniform(*LLM_S))
        journal.note(answered=call)
        message = {"role": "assistant", "content": json.dumps(text)}
        completion = {
            "id": call,
            "object": "chat.completion",
            "created": int(time.time()),
            "model": question["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 300, "completion_tokens": 40, "total_tokens": 340},
        }
        return 200, json.dumps(completion).encode()

    return asked


def receiver(folder: Path, chance: random.Random) -> PendingInference:
    """Stand for the Edge Function and its table: verify, apply once, and forget nothing."""
    from services.core.auth.signing import SigningKeys
    from services.core.domain.errors import SignatureInvalid

    keys = SigningKeys.parse((folder / "webhook.key").read_text(), "the drill's key")
    deliveries, applied = Journal(folder / "deliveries.jsonl"), Journal(folder / "applied.jsonl")
    had = {entry["message"] for entry in entries(folder / "applied.jsonl")}
    lock = threading.Lock()

    def asked(headers: dict[str, str], body: bytes) -> Answer:
        try:
            message = keys.verify(body, headers)
        except SignatureInvalid:
            deliveries.note(refused=True)
            return 401, b"{}"
        report = json.loads(body)["data"]["report"]
        deliveries.note(report=report["id"])
        time.sleep(chance.uniform(*RECEIVER_S))
        if chance.random() < RECEIVER_FAILS:
            return 503, b"{}"
        with lock:
            if message not in had:
                applied.note(message=message, report=report["id"], status=report["status"])
                had.add(message)
        return 200, b"{}"

    return asked


def _handler(asked: PendingInference) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(200, b"{}")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(*asked({name.lower(): value for name, value in self.headers.items()}, body))

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler


class _Steady(random.Random):
    """Chance that is always in the middle."""

    def random(self) -> float:
        return 0.5


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    """Serve one of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drill.fakes", description=__doc__)
    roles = {"model": model, "llm": llm, "receiver": receiver}
    parser.add_argument("role", choices=roles)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", help="of delays and failures; absent: always the same delay, no failure")
    options = parser.parse_args()
    chance = random.Random(options.seed) if options.seed else _Steady()  # noqa: S311 - a drill's faults
    asked = roles[options.role](options.folder, chance)
    _Server(("127.0.0.1", options.port), _handler(asked)).serve_forever()


if __name__ == "__main__":
    main()
