"""Why a report failed, as it is answered and kept."""

from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict

# An item of the table has at most 400 kB, and a reason may quote what a client sent.
MOST_REASON = 1000


def _bounded(reason: object) -> object:
    return reason[:MOST_REASON] if isinstance(reason, str) else reason


class Failure(BaseModel):
    """Why there is no report; a reason of more than MOST_REASON characters is cut."""

    model_config = ConfigDict(frozen=True)

    code: str
    reason: Annotated[str, BeforeValidator(_bounded)]
