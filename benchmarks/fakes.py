"""Fakes of the model endpoint and the LLM: they answer at once and say how long they took, and how often."""

import json
import time

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from benchmarks.answers import answer
from catalogue import DRAWN, load

# A draft whose sentences the answers below hold.
DRAFT = {
    "en": {
        "title": "Ceramic mug",
        "sentences": [
            {
                "text": "This mug is made of ceramic and is in excellent condition.",
                "facts": ["kind", "material", "grade"],
            },
            {"text": "No wear was seen in the photos.", "facts": ["absent"]},
            {"text": "Please look at them closely before you decide.", "facts": []},
        ],
    }
}
GOODS = load(DRAWN)


async def _healthz(request: Request) -> Response:
    return PlainTextResponse("ready")


async def _invocations(request: Request) -> Response:
    asked = await request.json()
    seen = answer(GOODS, "mug", "ceramic", (), photos=len(asked["photos"]), artifact="bench")
    return JSONResponse({**seen, "caption": "a ceramic mug"})


async def _completions(request: Request) -> Response:
    asked = await request.json()
    message = {"role": "assistant", "content": json.dumps(DRAFT)}
    return JSONResponse(
        {
            "id": "bench",
            "object": "chat.completion",
            "created": int(time.time()),
            "model": asked["model"],
            "choices": [{"index": 0, "finish_reason": "stop", "message": message}],
            "usage": {"prompt_tokens": 300, "completion_tokens": 40, "total_tokens": 340},
        }
    )


class _Clock:
    """Adds up what POSTs take; `GET /spent` answers milliseconds and calls of the model, and resets both."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        self.spent_ms = 0.0
        self.asked = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == "/spent":
            spent = {"ms": self.spent_ms, "asked": self.asked}
            self.spent_ms, self.asked = 0.0, 0
            await JSONResponse(spent)(scope, receive, send)
            return
        start = time.perf_counter()
        await self.app(scope, receive, send)
        if scope["type"] == "http" and scope["method"] == "POST":
            self.spent_ms += (time.perf_counter() - start) * 1000
            self.asked += scope["path"].endswith("/invocations")


app = _Clock(
    Starlette(
        routes=[
            Route("/healthz", _healthz),
            Route("/endpoints/{name}/invocations", _invocations, methods=["POST"]),
            Route("/v1/chat/completions", _completions, methods=["POST"]),
        ]
    )
)
