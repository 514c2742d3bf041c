"""The artifact's handler functions, called as SageMaker's PyTorch container calls them."""

import logging
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol, cast

from sagemaker_inference.transformer import Transformer

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """What the container would answer."""

    status: int
    body: bytes
    content_type: str


class Invoke(Protocol):
    """Calls the handlers with one request; not to be called from two threads at once."""

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Answer with the handlers' result, their 4xx as they word it, or a 500 that tells nothing."""
        ...


class _ToolkitError(Protocol):
    status_code: int
    message: str


class _Context:
    """What the toolkit's transformer asks of the server that runs it."""

    def __init__(self, model_dir: Path, headers: Mapping[str, str]) -> None:
        self.system_properties = {"model_dir": str(model_dir)}
        self.request_processor = [SimpleNamespace(get_request_properties=lambda: dict(headers))]
        self.content_type = "application/json"
        self.error: _ToolkitError | None = None

    def set_response_content_type(self, request: int, content_type: str) -> None:
        self.content_type = content_type


class _Transformer(Transformer):  # type: ignore[misc]  # the toolkit has no types
    """Keeps tracebacks in the log: the toolkit would send them to the caller."""

    @staticmethod
    def handle_error(context: _Context, inference_exception: _ToolkitError, trace: str) -> list[str]:
        context.error = inference_exception
        if inference_exception.status_code >= 500:
            logger.error("a handler failed\n%s", trace)
        return [inference_exception.message]


def load(code: Path, model_dir: Path) -> Invoke:
    """Load the model with the `inference.py` in `code`, as an endpoint does before it is InService.

    Whatever `model_fn` raises is raised.
    """
    os.environ["SAGEMAKER_PROGRAM"] = "inference.py"
    sys.path.insert(0, str(code))  # the container does the same by PYTHONPATH
    transformer = _Transformer()
    transformer.validate_and_initialize(model_dir=str(model_dir), context=_Context(model_dir, {}))

    def invoke(body: bytes, headers: Mapping[str, str]) -> Answer:
        context = _Context(model_dir, headers)
        result = cast("list[Any]", transformer.transform([{"body": body}], context))[0]
        payload = result.encode() if isinstance(result, str) else bytes(result)
        if context.error is None:
            return Answer(200, payload, context.content_type)
        status = context.error.status_code
        if status >= 500:
            payload = b"The model failed on this request; its log says why."
        return Answer(status, payload, "text/plain")

    return invoke
