"""A stand-in for the local language model, which takes seconds of a core for each text.

It answers /v1/chat/completions with a title in each language, from the facts, and leaves the sentences to the
service's template.
"""

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import click


class Handler(BaseHTTPRequestHandler):
    """Answers as an OpenAI-compatible server."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self._answer({"status": "ok"})

    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        message = {"role": "assistant", "content": json.dumps(drafts(asked))}
        usage = {"prompt_tokens": 300, "completion_tokens": 40, "total_tokens": 340}
        choice = {"index": 0, "finish_reason": "stop", "message": message}
        self._answer({"model": asked["model"], "choices": [choice], "usage": usage})

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        """Write nothing: its lines are none of the service's."""

    def _answer(self, body: object) -> None:
        content = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


def drafts(asked: dict[str, Any]) -> dict[str, object]:
    """The answer in each language of the schema; the last message has a fact a line, in all languages."""
    languages = asked["response_format"]["json_schema"]["schema"]["properties"]
    lines = (line.split(": ", 1) for line in asked["messages"][-1]["content"].splitlines())
    facts = {fact: dict(zip(languages, values.split(" | "), strict=True)) for fact, values in lines}
    # In English the material comes before the kind.
    named = {language: ("material", "kind") if language == "en" else ("kind",) for language in languages}
    return {
        language: {
            "title": " ".join(facts[name][language] for name in names if name in facts),
            "sentences": [],
        }
        for language, names in named.items()
    }


@click.command()
@click.option("--port", type=int, required=True)
def main(port: int) -> None:
    """Serve on 127.0.0.1 until a signal ends the process."""
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()


if __name__ == "__main__":
    main()
