"""Calls the artifact's handler functions as SageMaker's PyTorch container does."""

import logging
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any, Protocol, cast

from sagemaker_inference.transformer import Transformer

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Answer:
    """The container's answer to one request."""

    status: int
    body: bytes
    content_type: str


Invoke = Callable[[bytes, Mapping[str, str]], Answer]
"""Calls the handlers with a request's body and headers, from one thread at a time.

The answer is the handlers' result, their own 4xx, or a 500 without details.
"""
PredictBatch = Callable[[Sequence[Any], Any], Sequence[Any]]


class NoBatchHandlerError(Exception):
    """The handlers cannot answer several requests at once."""


class _ToolkitError(Protocol):
    status_code: int
    message: str


class _Context:
    """The server's interface that the toolkit's transformer uses."""

    def __init__(self, model_dir: Path, headers: Mapping[str, str]) -> None:
        self.system_properties = {"model_dir": str(model_dir)}
        self.request_processor = [SimpleNamespace(get_request_properties=lambda: dict(headers))]
        self.content_type = "application/json"
        self.error: _ToolkitError | None = None

    def set_response_content_type(self, request: int, content_type: str) -> None:
        self.content_type = content_type


class _Transformer(Transformer):  # type: ignore[misc]  # the toolkit has no types
    """Logs tracebacks, which the toolkit would send to the caller.

    A batch runs the toolkit's `transform` in two parts for each request, with one prediction between them.
    """

    _transform_fn: Any

    @staticmethod
    def handle_error(context: _Context, inference_exception: _ToolkitError, trace: str) -> list[str]:
        context.error = inference_exception
        if inference_exception.status_code >= 500:
            logger.error("a handler failed", exc_info=True)
        return [inference_exception.message]

    @property
    def predict_batch(self) -> PredictBatch:
        """The handlers' function for several requests, which the toolkit does not know."""
        module = sys.modules[self._environment.module_name]
        try:
            return cast("PredictBatch", module.predict_batch)
        except AttributeError:
            raise NoBatchHandlerError(
                f"{module.__file__} has no predict_batch, which answers several requests; leave batching off"
            ) from None

    def read(self, body: bytes, context: _Context) -> list[Any]:
        """Run `transform` up to `input_fn`; returns its result in a list, or an empty list on an error."""
        decoded: list[Any] = []

        def step(_model: Any, data: Any, content_type: str, _accept: str) -> bytes:
            decoded.append(self._run_handler_function(self._input_fn, data, content_type))
            return b""

        self._only(step, body, context)
        return decoded

    def state(self) -> str:
        """What the handlers' module says of the loaded model; `ready` if it has no `state`."""
        module = sys.modules[self._environment.module_name]
        return str(module.state(self._model)) if hasattr(module, "state") else "ready"

    def predict(self, data: Sequence[Any]) -> Sequence[Any]:
        """A prediction or an error for each; a batch that fails as a whole is repeated one by one."""
        if not data:
            return []
        try:
            return self.predict_batch(data, self._model)
        except Exception as error:
            if len(data) == 1:
                return [error]
            logger.warning("a batch of %d failed as a whole; predicting each alone", len(data))
            return [self.predict([one])[0] for one in data]

    def write(self, prediction: Any, context: _Context) -> Any:
        """Run `transform` from `output_fn` on; an error gets the toolkit's treatment."""

        def output(_model: Any, _data: Any, _kind: str, accept: str) -> Any:
            if isinstance(prediction, Exception):
                raise prediction
            return self._run_handler_function(self._output_fn, prediction, accept)

        return self._only(output, b"", context)

    def _only(self, step: Callable[[Any, Any, str, str], Any], body: bytes, context: _Context) -> Any:
        """The toolkit's `transform` of one request, with `step` in place of the handlers."""
        whole, self._transform_fn = self._transform_fn, step
        try:
            return self.transform([{"body": body}], context)[0]
        finally:
            self._transform_fn = whole


class Handlers:
    """The loaded model and its handlers, called from one thread at a time."""

    def __init__(self, transformer: _Transformer, model_dir: Path) -> None:
        self._transformer = transformer
        self._model_dir = model_dir

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> Answer:
        """Answer one request as the toolkit does."""
        context = _Context(self._model_dir, headers)
        return _answer(self._transformer.transform([{"body": body}], context)[0], context)

    def state(self) -> str:
        """The loaded model's state in a line; any thread may ask, also while a request is answered."""
        return self._transformer.state()

    def answer_batch(self, requests: Sequence[tuple[bytes, Mapping[str, str]]]) -> list[Answer]:
        """Answer several requests by one prediction; each gets the answer or error it would get alone."""
        if len(requests) == 1:
            return [self(*requests[0])]
        contexts = [_Context(self._model_dir, headers) for _, headers in requests]
        given = [
            data
            for (body, _), context in zip(requests, contexts, strict=True)
            for data in self._transformer.read(body, context)
        ]
        predictions = iter(self._transformer.predict(given))
        results = [
            b"" if context.error else self._transformer.write(next(predictions), context)
            for context in contexts
        ]
        return [_answer(result, context) for result, context in zip(results, contexts, strict=True)]


def load(code: Path, model_dir: Path, batching: bool = False) -> Handlers:
    """Load the model with the `inference.py` in `code`, as an endpoint does before it is InService.

    Raises what `model_fn` raises, and NoBatchHandlerError if `batching` is on and there is no predict_batch.
    """
    os.environ["SAGEMAKER_PROGRAM"] = "inference.py"
    sys.path.insert(0, str(code))  # the container does the same by PYTHONPATH
    transformer = _Transformer()
    transformer.validate_and_initialize(model_dir=str(model_dir), context=_Context(model_dir, {}))
    if batching:
        _ = transformer.predict_batch
    return Handlers(transformer, model_dir)


def _answer(result: str | bytes | bytearray, context: _Context) -> Answer:
    if context.error is None:
        payload = result.encode() if isinstance(result, str) else bytes(result)
        return Answer(200, payload, context.content_type)
    status = context.error.status_code
    message = (
        "The model failed on this request; its log says why." if status >= 500 else context.error.message
    )
    return Answer(status, message.encode(), "text/plain")
