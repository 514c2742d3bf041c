"""The vision model behind its SageMaker endpoint: one request for all photos of a report."""

import base64
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol, cast

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, Field, ValidationError

from services.core.domain.errors import ModelAnswerInvalid, ModelFault, ModelRefused, ModelUnavailable
from services.core.domain.observation import LostInference, Observation, PendingInference
from services.core.domain.report import Probability
from services.core.domain.vocabulary import Question, vocabulary

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient

TOO_MANY_REQUESTS = 429


class _Answer(BaseModel):
    id: str
    scores: list[dict[str, Probability]] = Field(min_length=1)


class _Reply(BaseModel):
    answers: list[_Answer]
    caption: str
    artifact: str


class VisionEndpoint(Protocol):
    """An endpoint in either mode. Every call blocks."""

    @property
    def name(self) -> str:
        """The endpoint's name in SageMaker."""

    def infer(self, report_id: str, photos: Sequence[bytes], attempt: int) -> Observation | PendingInference:
        """Send 1–8 JPEG photos of one product: returns the observation, or where it will be.

        Raises ModelUnavailable if a later request may succeed, ModelRefused if not, ModelAnswerInvalid if the
        answer breaks the contract.
        """

    def is_working_on(self, pending: PendingInference) -> bool:
        """Whether the endpoint has neither answered the request nor lost it."""

    def result(
        self, pending: PendingInference, photos: int
    ) -> Observation | PendingInference | LostInference:
        """The answer about so many photos; `pending` itself as long as there is none.

        Raises ModelAnswerInvalid if the answer breaks the contract.
        """

    def delete(self, *keys: str | None) -> None:
        """Delete requests and answers by their keys; a missing object is no error."""


class RealtimeVisionEndpoint:
    """Answers in the call. A request that an async endpoint has accepted before counts as lost."""

    def __init__(self, runtime: "SageMakerRuntimeClient", endpoint: str) -> None:
        self._runtime = runtime
        self.name = endpoint

    def infer(self, report_id: str, photos: Sequence[bytes], attempt: int) -> Observation:
        """Send the photos and return the observation."""
        return self.observe(photos)

    def is_working_on(self, pending: PendingInference) -> bool:
        """Never: it accepts no requests for later."""
        return False

    def result(self, pending: PendingInference, photos: int) -> LostInference:
        """Lost: it accepts no requests for later."""
        return LostInference()

    def delete(self, *keys: str | None) -> None:
        """Do nothing: it stores neither requests nor answers."""

    def observe(self, photos: Sequence[bytes]) -> Observation:
        """Ask about 1–8 JPEG photos of one product, outside any report; raises what `infer` raises."""
        try:
            reply = self._runtime.invoke_endpoint(
                EndpointName=self.name,
                ContentType="application/json",
                Accept="application/json",
                Body=request_body(photos),
            )
            body = reply["Body"].read()
        except ClientError as error:
            raise fault(self.name, error) from error
        except BotoCoreError as error:
            raise ModelUnavailable(f"the endpoint {self.name} cannot be reached") from error
        return parse_observation(body, photos=len(photos))


def fault(endpoint: str, error: ClientError) -> ModelFault:
    """The meaning of an error of the SageMaker runtime."""
    # The message may quote the container's output, such as a traceback: only the code is passed on.
    code = error.response.get("Error", {}).get("Code", "unknown")
    message = error.response.get("Error", {}).get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "ModelError":
        # The container's own status; 0 if it gave none.
        status = cast("int", error.response.get("OriginalStatusCode")) or 500
    problem = f"the endpoint {endpoint} answered {code}"
    if code == "ValidationError" and message.startswith("Endpoint") and "not found" in message:
        return ModelUnavailable(f"there is no endpoint {endpoint} now; it may be paused")
    if status >= 500 or status == TOO_MANY_REQUESTS or "Throttl" in code:
        return ModelUnavailable(problem)
    return ModelRefused(problem)


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


def parse_observation(body: bytes, photos: int) -> Observation:
    """Read an answer about so many photos; raises ModelAnswerInvalid if it breaks the contract."""
    try:
        reply = _Reply.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "body"
        raise ModelAnswerInvalid(f"{where}: {first['msg']}") from error
    scores = {answer.id: answer.scores for answer in reply.answers}
    words = vocabulary()
    return Observation(
        type=_scores(scores, "type", words.type, 1)[0],
        material=_scores(scores, "material", words.material, 1)[0],
        wear=_scores(scores, "wear", words.wear, photos),
        caption=reply.caption.strip(),
        artifact=reply.artifact,
    )


def _scores(
    by_id: dict[str, list[dict[str, float]]], id_: str, question: Question, count: int
) -> tuple[dict[str, float], ...]:
    answered = by_id.get(id_, [])
    if len(answered) != count:
        raise ModelAnswerInvalid(f"{id_}: {len(answered)} answers instead of {count}")
    if any(set(scores) != set(question.candidates) for scores in answered):
        raise ModelAnswerInvalid(f"{id_}: its candidates are not those of the question")
    return tuple(answered)
