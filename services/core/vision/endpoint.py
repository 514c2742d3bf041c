"""The vision model behind its SageMaker endpoint: one request for all photos of a report.

A realtime endpoint answers in the call. An async one accepts the request, and its answer becomes an object in
S3.
"""

import base64
import json
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypedDict

from botocore.exceptions import ClientError

from catalogue import Catalogue
from services.core.aws import CALL_ERRORS
from services.core.domain.errors import ModelUnavailable
from services.core.domain.observation import LostInference, Observation, PendingInference
from services.core.trace import HEADER, traceparent
from services.core.vision.answer import parse_observation, questions_of, read_answer
from services.core.vision.faults import fault

if TYPE_CHECKING:
    from mypy_boto3_sagemaker_runtime.client import SageMakerRuntimeClient


class VisionEndpoint(ABC):
    """An endpoint in either mode, which by itself accepts no requests for later. Every call blocks.

    It is asked about the goods of `catalogue`, which its artifact must have in the same version.
    """

    def __init__(
        self, runtime: "SageMakerRuntimeClient", name: str, catalogue: Catalogue, wear_tiles: int = 0
    ) -> None:
        self._runtime = runtime
        self.name = name
        self.catalogue = catalogue
        self.wear_tiles = wear_tiles

    @abstractmethod
    def infer(self, report_id: str, photos: Sequence[bytes], attempt: int) -> Observation | PendingInference:
        """Send 1–8 JPEG photos of one product: returns the observation, or where it will be.

        Raises ModelUnavailable if a later request may succeed (CatalogueMismatch once the same catalogue is
        deployed on both sides), ModelRefused if not, ModelAnswerInvalid if the answer breaks the contract.
        """

    def is_working_on(self, pending: PendingInference) -> bool:
        """Whether the endpoint has neither answered the request nor lost it."""
        return False

    def result(
        self, pending: PendingInference, photos: int, *, announced: bool = False
    ) -> Observation | PendingInference | LostInference:
        """The answer about so many photos; `pending` itself as long as there is none.

        An answer that was announced and is not there was deleted, so the request counts as lost. Raises
        CatalogueMismatch, and ModelAnswerInvalid if the answer breaks the contract.
        """
        return LostInference()

    def delete(self, *keys: str | None) -> None:  # noqa: B027 - nothing is stored by default
        """Delete requests and answers by their keys; a missing object is no error."""

    def erase(self, report_id: str, pending: PendingInference | None) -> None:  # noqa: B027 - as above
        """Delete what is stored for a report: its request, and the outcome of its pending inference."""

    def _observation(self, body: bytes, photos: int) -> Observation:
        return parse_observation(body, photos, self.catalogue, self.wear_tiles, endpoint=self.name)

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except ClientError as error:
            raise fault(self.name, error, self.catalogue.version) from error
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
                Body=request_body(photos, self.catalogue, self.wear_tiles),
                **trace_parameters(),
            )
            body = read_answer(reply["Body"])
        return self._observation(body, len(photos))


class _TraceParameters(TypedDict, total=False):
    CustomAttributes: str


def trace_parameters() -> _TraceParameters:
    """The parameter of a call to an endpoint by which the container logs the caller's trace."""
    current = traceparent()
    return {} if current is None else {"CustomAttributes": f"{HEADER}={current}"}


def request_body(photos: Sequence[bytes], catalogue: Catalogue, wear_tiles: int) -> bytes:
    """The request of the model's contract: base64 photos, and what is asked about them, by ids.

    `wear_tiles` is 4 if wear is asked of each photo's quarters too, else 0.
    """
    request = {
        "photos": [base64.b64encode(photo).decode("ascii") for photo in photos],
        "catalogue": catalogue.version,
        "departments": list(catalogue.departments),
        "questions": list(questions_of(catalogue)),
        "wear_tiles": wear_tiles,
    }
    return json.dumps(request).encode()
