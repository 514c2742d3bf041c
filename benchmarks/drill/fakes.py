"""`python -m benchmarks.drill.fakes model|llm`: what Vitrine calls; the drill kills these, too.

Each writes a journal of its requests, so that those that a kill cuts off are counted.
"""

import argparse
import base64
import json
import os
import random
import time
import uuid
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

# Seconds that an answer takes, least and most.
MODEL_S, LLM_S = (0.01, 0.06), (0.02, 0.15)
MODEL_FAILS = 0.02
Answer = tuple[int, bytes]
Respond = Callable[[dict[str, str], bytes], Answer]


class Journal:
    """Appends entries to a file that processes may share; each is one write, which survives a kill."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def note(self, **entry: Any) -> None:
        """Write one entry with the current time."""
        os.write(self._file, (json.dumps({"at": time.time(), **entry}) + "\n").encode())


def entries(path: Path) -> list[dict[str, Any]]:
    """Return all complete entries of a journal; an unfinished last line does not count."""
    if not path.exists():
        return []
    lines = path.read_bytes().split(b"\n")
    return [json.loads(line) for line in lines[:-1]]


def model(folder: Path, chance: random.Random) -> Respond:
    """Answer what the number on the first photo determines."""
    from benchmarks.drill.drill_jobs import number_on, observation

    journal = Journal(folder / "model.jsonl")

    def respond(_: dict[str, str], body: bytes) -> Answer:
        photos = json.loads(body)["photos"]
        number = number_on(base64.b64decode(photos[0]))
        journal.note(job=number)
        time.sleep(chance.uniform(*MODEL_S))
        if chance.random() < MODEL_FAILS:
            return 500, b"{}"
        return 200, json.dumps(observation(number, len(photos))).encode()

    return respond


def llm(folder: Path, chance: random.Random) -> Respond:
    """Answer each prompt with its prepared one; the API key names the calling process."""
    from benchmarks.drill.drill_jobs import prompt_digest

    journal = Journal(folder / "llm.jsonl")
    known: dict[str, Any] = json.loads((folder / "answers.json").read_text())

    def respond(headers: dict[str, str], body: bytes) -> Answer:
        question = json.loads(body)
        job, said = known[prompt_digest(question["messages"][-1]["content"])]
        call = uuid.uuid4().hex
        journal.note(call=call, job=job, caller=headers["authorization"].removeprefix("Bearer "))
        time.sleep(chance.uniform(*LLM_S))
        journal.note(answered=call)
        message = {"role": "assistant", "content": json.dumps(said)}
        completion = {
            "id": call,
            "object": "chat.completion",
            "created": int(time.time()),
            "model": question["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 300, "completion_tokens": 40, "total_tokens": 340},
        }
        return 200, json.dumps(completion).encode()

    return respond


def _handler(respond: Respond) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(200, b"{}")

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            self._answer(*respond({name.lower(): value for name, value in self.headers.items()}, body))

        def _answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    return Handler


class _Constant(random.Random):
    """Random numbers that are always in the middle."""

    def random(self) -> float:
        return 0.5


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def main() -> None:
    """Serve one of the fakes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drill.fakes", description=__doc__)
    roles = {"model": model, "llm": llm}
    parser.add_argument("role", choices=roles)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--seed", help="of delays and failures; without it, constant delays and no failures")
    options = parser.parse_args()
    chance = random.Random(options.seed) if options.seed else _Constant()  # noqa: S311 - a drill's faults
    respond = roles[options.role](options.folder, chance)
    _Server(("127.0.0.1", options.port), _handler(respond)).serve_forever()


if __name__ == "__main__":
    main()
