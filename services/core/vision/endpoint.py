"""The vision model behind its SageMaker endpoint: one call per request, whatever the number of photos."""

import base64
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

from botocore.exceptions import BotoCoreError, ClientError
from pydantic import BaseModel, Field, ValidationError

from services.core.domain.errors import ModelAnswerInvalid, ModelFault, ModelRefused, ModelUnavailable
from services.core.domain.observation import Observation
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


class RealtimeVisionEndpoint:
    """Asks the endpoint the questions of the vocabulary."""

    def __init__(self, runtime: "SageMakerRuntimeClient", endpoint: str) -> None:
        self._runtime = runtime
        self.endpoint = endpoint

    def look(self, photos: Sequence[bytes]) -> Observation:
        """Ask about 1–8 JPEG photos of one thing. Blocks for the call.

        Raises ModelUnavailable when asking later may help, ModelRefused when it does not, ModelAnswerInvalid
        when the answer breaks the contract.
        """
        try:
            reply = self._runtime.invoke_endpoint(
                EndpointName=self.endpoint,
                ContentType="application/json",
                Accept="application/json",
                Body=request_body(photos),
            )
            body = reply["Body"].read()
        except ClientError as error:
            raise fault(self.endpoint, error) from error
        except BotoCoreError as error:
            raise ModelUnavailable(f"the endpoint {self.endpoint} cannot be reached") from error
        return parse_observation(body, photos=len(photos))


def fault(endpoint: str, error: ClientError) -> ModelFault:
    """What an error of the SageMaker runtime means, without the container's own words."""
    # The message may quote the container's own words, a traceback among them: only the code goes on.
    code = error.response.get("Error", {}).get("Code", "unknown")
    message = error.response.get("Error", {}).get("Message", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code == "ModelError":
        # The container's own status; 0 when it gave none.
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
    """Read an answer on so many photos; raises ModelAnswerInvalid when it breaks the contract."""
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
        raise ModelAnswerInvalid(f"{id_}: {len(answered)} answers where {count} are due")
    if any(set(scores) != set(question.candidates) for scores in answered):
        raise ModelAnswerInvalid(f"{id_}: other candidates than were asked about")
    return tuple(answered)
