"""`uvicorn benchmarks.peers.plain_fastapi.service:app`; DECODE is `reduced` or `full`."""

import os
from typing import Any

from fastapi import FastAPI, UploadFile

from benchmarks.peers.model import ask, client, request_body

REDUCED = os.environ["DECODE"] == "reduced"
app = FastAPI()
http = client()


@app.get("/healthz")
def healthz() -> str:
    """Answer that the process lives."""
    return "ok"


@app.post("/analyze")
def analyze(images: list[UploadFile]) -> Any:
    """Answer what the model says about the first photo."""
    return ask(http, request_body(images[0].file, reduced=REDUCED))
