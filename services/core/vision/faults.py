"""What an error of the SageMaker runtime means for a report: final, or worth a later request."""

import re
from typing import cast

from botocore.exceptions import ClientError

from services.core.domain.errors import CatalogueMismatch, ModelFault, ModelRefused, ModelUnavailable

# What the container answers to a request that it cannot use; its other statuses are about the container.
CONTENT_STATUSES = frozenset({400, 406, 413, 415, 422})
# How the container's message about a request of another catalogue version starts.
_MISMATCH = "CatalogueMismatch: "
_VERSION = re.compile(r"\b[0-9a-f]{16}\b")


def fault(endpoint: str, error: ClientError, version: str) -> ModelFault:
    """The meaning of an error; `version` is that of the catalogue that the request named."""
    # The message may quote the container's output, such as a traceback: only the code is passed on.
    code = error.response.get("Error", {}).get("Code", "unknown")
    message = error.response.get("Error", {}).get("Message", "")
    # The container's own status and text; 0 or absent if it gave none.
    status = cast("int | None", error.response.get("OriginalStatusCode"))
    original = str(error.response.get("OriginalMessage", ""))
    problem = f"the endpoint {endpoint} answered {code}"
    if code == "ModelError" and (mismatch := mismatch_in(f"{original}\n{message}", endpoint, version)):
        return mismatch
    if code == "ValidationError" and message.startswith("Endpoint"):
        missing = f"there is no endpoint {endpoint} now; it may be paused"
        return ModelUnavailable(missing if "not found" in message else problem)
    # Only an answer about this request's content is final; credentials, quotas and machines recover.
    if code == "ValidationError" or (code == "ModelError" and status in CONTENT_STATUSES):
        return ModelRefused(problem)
    return ModelUnavailable(problem)


def mismatch_in(message: str, endpoint: str, version: str) -> CatalogueMismatch | None:
    """What the container says about a request of another catalogue version; None: it says something else."""
    _, found, said = message.partition(_MISMATCH)
    if not found:
        return None
    theirs = next((each for each in _VERSION.findall(said) if each != version), None)
    return catalogue_mismatch(endpoint, theirs, version)


def catalogue_mismatch(endpoint: str, theirs: str | None, ours: str) -> CatalogueMismatch:
    """The error of an artifact with another catalogue than this service; it says what to deploy."""
    other = f"the catalogue {theirs}" if theirs else "another catalogue"
    return CatalogueMismatch(
        f"the artifact behind {endpoint} has {other}, and this service has {ours}: "
        f"release an artifact of the catalogue {ours}, or deploy the service with the artifact's"
    )
