"""The vision model behind its SageMaker endpoint: one request for all photos of a report.

A realtime endpoint answers in the call. An async one accepts the request, and its answer becomes an object in
S3.
"""

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypedDict, cast

from botocore.exceptions import ClientError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.core.aws import CALL_ERRORS
from services.core.domain.errors import ModelAnswerInvalid, ModelFault, ModelRefused, ModelUnavailable
from services.core.domain.observation import (
    LostInference,
    Observation,
    PendingInference,
    Question,
    bounded_caption,
    vocabulary,
)
from services.core.domain.report import Probability
from services.core.trace import HEADER, traceparent

if TYPE_CHECKING:
    from botocore.response import StreamingBody
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

# What the container answers to a request that it cannot use; its other statuses are about the container.
CONTENT_STATUSES = frozenset({400, 406, 413, 415, 422})
# An answer about 8 photos has a few kB.
MAX_ANSWER_BYTES = 1_000_000
# The candidates of a choice exclude each other; the rest is for rounding.
MOST_OF_A_CHOICE = 1.01


class _Answer(BaseModel):
    model_config = ConfigDict(strict=True)

    id: str
    scores: list[dict[str, Probability]] = Field(min_length=1)


class _Reply(BaseModel):
    answers: list[_Answer]
    caption: str
    # Printed as it is: on a terminal, in a log, in a page.
    artifact: str = Field(pattern=r"^[\w .:@/+-]{0,200}$")


class VisionEndpoint(ABC):
    """An endpoint in either mode, which by itself accepts no requests for later. Every call blocks."""

    def __init__(self, runtime: "SageMakerRuntimeClient", name: str) -> None:
        self._runtime = runtime
        self.name = name

    @abstractmethod
    def infer(self, report_id: str, photos: Sequence[bytes], attempt: int) -> Observation | PendingInference:
        """Send 1–8 JPEG photos of one product: returns the observation, or where it will be.

        Raises ModelUnavailable if a later request may succeed, ModelRefused if not, ModelAnswerInvalid if the
        answer breaks the contract.
        """

    def is_working_on(self, pending: PendingInference) -> bool:
        """Whether the endpoint has neither answered the request nor lost it."""
        return False

    def result(
        self, pending: PendingInference, photos: int, *, announced: bool = False
    ) -> Observation | PendingInference | LostInference:
        """The answer about so many photos; `pending` itself as long as there is none.

        An answer that was announced and is not there was deleted, so the request counts as lost. Raises
        ModelAnswerInvalid if the answer breaks the contract.
        """
        return LostInference()

    def delete(self, *keys: str | None) -> None:  # noqa: B027 - nothing is stored by default
        """Delete requests and answers by their keys; a missing object is no error."""

    def erase(self, report_id: str, pending: PendingInference | None) -> None:  # noqa: B027 - as above
        """Delete what is stored for a report: its request, and the outcome of its pending inference."""

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise fault(self.name, error) from error
        except CALL_ERRORS as error:
            raise ModelUnavailable(f"the endpoint {self.name} cannot be reached") from error


class RealtimeVisionEndpoint(VisionEndpoint):
    """Answers in the call. A request that an async endpoint has accepted before counts as lost."""

    def infer(self, report_id: str, photos: Sequence[bytes], attempt: int) -> Observation:
        """Send the photos and return the observation."""
        return self.observe(photos)

    def observe(self, photos: Sequence[bytes]) -> Observation:
        """Ask about 1–8 JPEG photos of one product, outside any report; raises what `infer` raises."""
        with self._faults():
            reply = self._runtime.invoke_endpoint(
                EndpointName=self.name,
                ContentType="application/json",
                Accept="application/json",
                Body=request_body(photos),
                **trace_parameters(),
            )
            body = read_answer(reply["Body"])
        return parse_observation(body, photos=len(photos))


class _TraceParameters(TypedDict, total=False):
    CustomAttributes: str


def trace_parameters() -> _TraceParameters:
    """The parameter of a call to an endpoint by which the container logs the caller's trace."""
    current = traceparent()
    return {} if current is None else {"CustomAttributes": f"{HEADER}={current}"}


def fault(endpoint: str, error: ClientError) -> ModelFault:
    """The meaning of an error of the SageMaker runtime."""
    # The message may quote the container's output, such as a traceback: only the code is passed on.
    code = error.response.get("Error", {}).get("Code", "unknown")
    message = error.response.get("Error", {}).get("Message", "")
    # The container's own status; 0 or absent if it gave none.
    status = cast("int | None", error.response.get("OriginalStatusCode"))
    problem = f"the endpoint {endpoint} answered {code}"
    if code == "ValidationError" and message.startswith("Endpoint"):
        missing = f"there is no endpoint {endpoint} now; it may be paused"
        return ModelUnavailable(missing if "not found" in message else problem)
    # Only an answer about this request's content is final; credentials, quotas and machines recover.
    if code == "ValidationError" or (code == "ModelError" and status in CONTENT_STATUSES):
        return ModelRefused(problem)
    return ModelUnavailable(problem)


def request_body(photos: Sequence[bytes]) -> bytes:
    """The request of the model's contract: base64 photos, and the vocabulary's questions."""
    words = vocabulary()
    questions = (
        ("type", "choice", words.type),
        ("material", "choice", words.material),
        ("wear", "set", words.wear),
    )
    request = {
        "photos": [base64.b64encode(photo).decode("ascii") for photo in photos],
        "questions": [
            {"id": id_, "kind": kind, "text": question.question, "candidates": question.candidates}
            for id_, kind, question in questions
        ],
    }
    return json.dumps(request).encode()


def read_answer(stream: "StreamingBody") -> bytes:
    """The body; raises ModelAnswerInvalid if it is longer than any answer."""
    try:
        body = stream.read(MAX_ANSWER_BYTES + 1)
    finally:
        stream.close()
    if len(body) > MAX_ANSWER_BYTES:
        raise ModelAnswerInvalid(f"body: over {MAX_ANSWER_BYTES} bytes")
    return body


def parse_observation(body: bytes, photos: int) -> Observation:
    """Read an answer about so many photos; raises ModelAnswerInvalid if it breaks the contract."""
    try:
        reply = _Reply.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        raise ModelAnswerInvalid(f"{_place(first['loc'])}: {first['msg']}") from error
    scores: dict[str, list[dict[str, float]]] = {}
    for answer in reply.answers:
        if answer.id in scores:
            raise ModelAnswerInvalid("answers: a question is answered twice")
        scores[answer.id] = answer.scores
    words = vocabulary()
    return Observation(
        type=_choice(scores, "type", words.type),
        material=_choice(scores, "material", words.material),
        wear=_scores(scores, "wear", words.wear, photos),
        caption=bounded_caption(reply.caption),
        artifact=reply.artifact,
    )


def _place(loc: tuple[int | str, ...]) -> str:
    # A name in the answer may be of any length.
    names = {*_Reply.model_fields, *_Answer.model_fields}
    parts = (str(part) if isinstance(part, int) or part in names else "…" for part in loc)
    return ".".join(parts) or "body"


def _choice(by_id: dict[str, list[dict[str, float]]], id_: str, question: Question) -> dict[str, float]:
    (scores,) = _scores(by_id, id_, question, 1)
    if sum(scores.values()) > MOST_OF_A_CHOICE:
        raise ModelAnswerInvalid(f"{id_}: its probabilities are more than one in all")
    return scores


def _scores(
    by_id: dict[str, list[dict[str, float]]], id_: str, question: Question, count: int
) -> tuple[dict[str, float], ...]:
    answered = by_id.get(id_, [])
    if len(answered) != count:
        raise ModelAnswerInvalid(f"{id_}: {len(answered)} answers instead of {count}")
    if any(set(scores) != set(question.candidates) for scores in answered):
        raise ModelAnswerInvalid(f"{id_}: its candidates are not those of the question")
    return tuple(answered)
