"""`python -m benchmarks.peers.litserve.service PORT`."""

import sys
from typing import Any

import litserve
from fastapi import Request

from benchmarks.peers.model import ask, client, request_body


class Analyze(litserve.LitAPI):
    """Decodes in `decode_request`, asks the model in `predict`."""

    def setup(self, device: str) -> None:
        """Open the connections to the model."""
        self.http = client()

    def decode_request(self, request: Request) -> Any:
        """Return the model's request about the photo; LitServe gives the form in place of the request."""
        return request_body(request["images"].file, reduced=True)

    def predict(self, x: Any) -> Any:
        """Return the model's answer."""
        return ask(self.http, x)

    def encode_response(self, output: Any) -> Any:
        """Return the answer as it is."""
        return output


if __name__ == "__main__":
    server = litserve.LitServer(Analyze(api_path="/analyze"), accelerator="cpu", workers_per_device=1)
    server.run(
        host="127.0.0.1",
        port=int(sys.argv[1]),
        num_api_servers=1,
        generate_client_file=False,
        log_level="warning",
        access_log=False,
        timeout_keep_alive=75,
    )
