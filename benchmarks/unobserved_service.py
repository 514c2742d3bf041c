"""`python -m benchmarks.unobserved_service`: the service without trace, log lines and metrics."""

import logging
from unittest.mock import patch

from starlette.types import ASGIApp, Receive, Scope, Send

from services.analyze.__main__ import main
from services.analyze.app import create_api, dependencies_from_environment
from services.core.pipeline import report_processor
from services.core.telemetry import Stages


class Unobserved:
    """Sets what the routes need of `Observe`: the stages, which the answer's Server-Timing shows."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            scope.setdefault("state", {})["stages"] = Stages()
        await self.app(scope, receive, send)


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    patch.object(report_processor, "log_ended", lambda *_: None).start()
    main(Unobserved(create_api(dependencies_from_environment)))
