"""`python -m benchmarks.drill.hooks_app`: POST /hooks/supabase as the gateway passes it to its function."""

import argparse
import uuid
from http.server import BaseHTTPRequestHandler, HTTPServer

from services.hooks import app


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._answer(200, {}, "ready")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        path = self.path
        event = {
            "version": "2.0",
            "routeKey": f"POST {path}",
            "rawPath": path,
            "rawQueryString": "",
            "headers": {name.lower(): value for name, value in self.headers.items()},
            "requestContext": {
                "requestId": uuid.uuid4().hex,
                "http": {"method": "POST", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1"},
                "stage": "$default",
            },
            "body": body,
            "isBase64Encoded": False,
        }
        answer = app.handle(event, None)
        self._answer(answer["statusCode"], answer["headers"], answer["body"])

    def _answer(self, status: int, headers: dict[str, str], body: str) -> None:
        content = body.encode()
        self.send_response(status)
        for name, value in headers.items():
            if name.lower() != "content-length":
                self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


def main() -> None:
    """Serve one request at a time, as a Lambda instance does."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.drill.hooks_app", description=__doc__)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    HTTPServer(("127.0.0.1", options.port), _Handler).serve_forever()


if __name__ == "__main__":
    main()
